# Secrets without values: those are added with gcloud, and never stand in the state of Terraform.
resource "google_secret_manager_secret" "this" {
  for_each = toset(local.secret_ids)

  project   = var.project
  secret_id = each.value
  labels    = local.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}
