# One account a part, and each of its rights as narrow as Google lets it be. The list stands in gantry.json, which is
# written from the same data that `gantry iam` prints.
locals {
  components = toset(distinct([for right in local.map.rights : right.component]))
  accounts   = { for name in local.components : name => "gantry-${name}@${var.project}.iam.gserviceaccount.com" }
  members    = { for name, account in google_service_account.component : name => "serviceAccount:${account.email}" }

  # Builds run in the project of the service, as the account of this name there; only the one of this project is made here.
  image_builders = { for project in local.service_projects : project => "serviceAccount:gantry-images@${project}.iam.gserviceaccount.com" }

  rights = [
    for right in local.map.rights : merge(right, {
      key = join(" ", compact([right.component, right.role, right.kind, right.name]))
    })
    if right.kind != "secret" || contains(local.secret_ids, right.name)
  ]
  by_kind = { for kind in distinct([for right in local.rights : right.kind]) : kind => [for right in local.rights : right if right.kind == kind] }

  # The roles of Gantry's own are made in each project with services.
  own_roles = { for role in local.map.ownRoles : "custom/${role.id}" => role }
}

resource "google_service_account" "component" {
  for_each = local.components

  project      = var.project
  account_id   = "gantry-${each.value}"
  display_name = "Gantry: ${each.value}"
  depends_on   = [google_project_service.api]
}

# One resource a role, as it was when there was one: a role that moves in the state is deleted, and its id is taken for days.
resource "google_project_iam_custom_role" "build_keeper" {
  for_each = local.service_projects

  project     = each.value
  role_id     = local.own_roles["custom/gantryBuildKeeper"].id
  title       = local.own_roles["custom/gantryBuildKeeper"].title
  permissions = local.own_roles["custom/gantryBuildKeeper"].permissions
}

resource "google_project_iam_custom_role" "preflight" {
  for_each = local.service_projects

  project     = each.value
  role_id     = local.own_roles["custom/gantryPreflight"].id
  title       = local.own_roles["custom/gantryPreflight"].title
  permissions = local.own_roles["custom/gantryPreflight"].permissions
}

# Firestore has no policy of its own below the project; the condition keeps the right to this one database.
# https://firebase.google.com/docs/firestore/manage-databases#configure_per-database_access_permissions
resource "google_project_iam_member" "database" {
  for_each = { for right in local.by_kind["database"] : right.key => right }

  project = var.project
  role    = each.value.role
  member  = local.members[each.value.component]

  condition {
    title      = "gantry-database"
    expression = "resource.name == \"projects/${var.project}/databases/${var.database}\""
  }
}

resource "google_project_iam_member" "own_project" {
  for_each = { for right in local.by_kind["project"] : right.key => right }

  project = var.project
  role    = each.value.role
  member  = local.members[each.value.component]
}

# The functions' source lies in a bucket that Cloud Run functions makes by itself; what the image of the HTTP service is built
# from lies beside the archives.
resource "google_project_iam_member" "package_sources" {
  for_each = { for right in local.by_kind["package-sources"] : right.key => right }

  project = var.project
  role    = each.value.role
  member  = local.members[each.value.component]

  condition {
    title      = "gantry-function-sources"
    expression = join(" || ", [for bucket in ["gcf-v2-sources-${local.number}-${var.region}", "${var.project}-gantry-functions"] : "resource.name.startsWith(\"projects/_/buckets/${bucket}\")"])
  }
}

resource "google_project_iam_member" "service_project" {
  for_each = {
    for pair in setproduct(local.by_kind["service-project"], local.service_projects) :
    "${pair[0].key} ${pair[1]}" => { right = pair[0], project = pair[1] }
  }

  project    = each.value.project
  role       = startswith(each.value.right.role, "custom/") ? "projects/${each.value.project}/roles/${local.own_roles[each.value.right.role].id}" : each.value.right.role
  member     = each.value.right.component == "images" ? local.image_builders[each.value.project] : local.members[each.value.right.component]
  depends_on = [google_project_iam_custom_role.build_keeper, google_project_iam_custom_role.preflight, google_service_account.component]
}

resource "google_cloud_run_v2_service_iam_member" "service" {
  for_each = {
    for pair in setproduct(local.by_kind["service"], keys(local.services)) :
    "${pair[0].key} ${pair[1]}" => { right = pair[0], service = local.services[pair[1]] }
  }

  project  = each.value.service.project
  location = each.value.service.region
  name     = each.value.service.name
  role     = each.value.right.role
  member   = local.members[each.value.right.component]
}

resource "google_service_account_iam_member" "runtime_account" {
  for_each = {
    for pair in setproduct(local.by_kind["runtime-account"], keys(local.runtime_accounts)) :
    "${pair[0].key} ${pair[1]}" => { right = pair[0], account = pair[1] }
  }

  # `-`: the address alone names the account.
  service_account_id = "projects/-/serviceAccounts/${each.value.account}"
  role               = each.value.right.role
  member             = local.members[each.value.right.component]
}

# Builds run in the project of the service, as the account gantry-images of that project.
resource "google_service_account_iam_member" "build_account" {
  for_each = {
    for pair in setproduct(local.by_kind["build-account"], local.service_projects) :
    "${pair[0].key} ${pair[1]}" => { right = pair[0], project = pair[1] }
  }

  service_account_id = "projects/${each.value.project}/serviceAccounts/gantry-images@${each.value.project}.iam.gserviceaccount.com"
  role               = each.value.right.role
  member             = local.members[each.value.right.component]
  depends_on         = [google_service_account.component]
}

resource "google_artifact_registry_repository_iam_member" "images" {
  for_each = {
    for pair in setproduct(local.by_kind["image-repository"], keys(local.image_repositories)) :
    "${pair[0].key} ${pair[1]}" => { right = pair[0], repository = local.image_repositories[pair[1]][0] }
  }

  project    = each.value.repository.project
  location   = each.value.repository.region
  repository = each.value.repository.name
  role       = each.value.right.role
  member     = each.value.right.component == "images" ? local.image_builders[each.value.repository.project] : local.members[each.value.right.component]
  depends_on = [google_artifact_registry_repository.images, google_service_account.component]
}

resource "google_artifact_registry_repository_iam_member" "packages" {
  for_each = { for right in local.by_kind["package-repository"] : right.key => right }

  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.packages.repository_id
  role       = each.value.role
  member     = local.members[each.value.component]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = { for right in local.by_kind["topic"] : right.key => right }

  project = var.project
  topic   = google_pubsub_topic.own[each.value.name].name
  role    = each.value.role
  member  = local.members[each.value.component]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = { for right in local.by_kind["secret"] : right.key => right }

  project   = var.project
  secret_id = google_secret_manager_secret.this[each.value.name].secret_id
  role      = each.value.role
  member    = local.members[each.value.component]
}

# A second-generation function is called through the Cloud Run service of the same name.
resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = {
    for pair in setproduct(local.by_kind["functions"], keys(local.functions)) :
    "${pair[0].key} ${pair[1]}" => { right = pair[0], function = pair[1] }
  }

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.function[each.value.function].name
  role     = each.value.right.role
  member   = local.members[each.value.right.component]
}
