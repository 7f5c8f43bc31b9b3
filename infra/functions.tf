# The containers of the functions, and of the HTTP service.
resource "google_artifact_registry_repository" "packages" {
  project       = var.project
  location      = var.region
  repository_id = "gantry-functions"
  format        = "DOCKER"
  labels        = local.labels
  depends_on    = [google_project_service.api]
}

# The images of the services, where they are in this project and under the name that Gantry takes by itself.
resource "google_artifact_registry_repository" "images" {
  for_each = { for key, same in local.image_repositories : key => same[0] if same[0].is_owned }

  project       = each.value.project
  location      = each.value.region
  repository_id = each.value.name
  format        = "DOCKER"
  labels        = local.labels
  depends_on    = [google_project_service.api]
}

resource "google_storage_bucket" "archives" {
  project                     = var.project
  name                        = "${var.project}-gantry-functions"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels
  depends_on                  = [google_project_service.api]

  versioning {
    enabled = true
  }
}

resource "google_storage_bucket_object" "archive" {
  for_each = local.functions

  bucket = google_storage_bucket.archives.name
  # Named by what is in it: a new archive is a new object, and so a new version of the function.
  name           = "${each.key}-${filesha256("${local.archives}/${each.key}.zip")}.zip"
  source         = "${local.archives}/${each.key}.zip"
  source_md5hash = filemd5("${local.archives}/${each.key}.zip")
  detect_md5hash = "different hash" # the provider's own default
}

resource "google_cloudfunctions2_function" "function" {
  for_each = local.functions

  project     = var.project
  location    = var.region
  name        = "gantry-${each.key}"
  description = "Gantry ${each.value.does}"
  labels      = local.labels

  build_config {
    runtime           = local.map.runtime
    entry_point       = each.key
    service_account   = google_service_account.component["packager"].name
    docker_repository = google_artifact_registry_repository.packages.id

    source {
      storage_source {
        bucket = google_storage_bucket.archives.name
        object = google_storage_bucket_object.archive[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.component[each.key].email
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    available_memory                 = each.value.memory
    available_cpu                    = each.value.concurrency > 1 ? "1" : null
    timeout_seconds                  = each.value.timeoutSeconds
    max_instance_count               = lookup(var.max_instances, each.key, each.value.maxInstances)
    max_instance_request_concurrency = each.value.concurrency
    environment_variables = merge(local.environment, {
      GANTRY_PUSH_AUDIENCE = local.addresses[each.key]
      GANTRY_PUBLIC_URL    = local.people_address
    }, { for name in each.value.secrets : local.secrets[name].variable => local.file_paths[local.secrets[name].variable] if try(local.secrets[name].file, null) != null })

    dynamic "secret_environment_variables" {
      for_each = { for name in each.value.secrets : name => local.secrets[name] if try(local.secrets[name].file, "") == null }

      content {
        key        = secret_environment_variables.value.variable
        project_id = var.project
        secret     = google_secret_manager_secret.this[secret_environment_variables.value.id].secret_id
        version    = "latest"
      }
    }

    dynamic "secret_volumes" {
      for_each = { for name in each.value.secrets : name => local.secrets[name] if try(local.secrets[name].file, null) != null }

      content {
        mount_path = "/etc/gantry/${secret_volumes.key}"
        project_id = var.project
        secret     = google_secret_manager_secret.this[secret_volumes.value.id].secret_id

        versions {
          version = "latest"
          path    = secret_volumes.value.file
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = each.value.timeoutSeconds <= 3600
      error_message = "A function that is called over HTTP runs for an hour at most."
    }
  }

  depends_on = [
    google_firestore_index.this,
    google_project_iam_member.own_project,
    google_project_iam_member.package_sources,
    google_artifact_registry_repository_iam_member.packages,
    google_secret_manager_secret_iam_member.reader,
  ]
}
