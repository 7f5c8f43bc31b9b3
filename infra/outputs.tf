output "service_url" {
  description = "Where the webhooks, the API and the console answer."
  value       = local.address
}

output "webhook_url" {
  description = "For the webhook of each repository on GitHub."
  value       = "${local.address}/hooks/github"
}

output "image_name" {
  description = "What the image of the HTTP service is pushed as; with its digest behind it, it is service_image."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.packages.repository_id}/service"
}

output "image_source" {
  description = "Where `gcloud builds submit` lays what the image is built from: the account that builds reads it there."
  value       = "gs://${google_storage_bucket.archives.name}/service"
}

output "accounts" {
  description = "The service account of each part."
  value       = local.accounts
}

output "secrets" {
  description = "Secrets that need a value before secrets_filled is set."
  value       = sort(local.secret_ids)
}

output "secret_commands" {
  description = "How each secret gets its value, from a file or from stdin."
  value       = [for id in sort(local.secret_ids) : "gcloud secrets versions add ${id} --project ${var.project} --data-file=FILE"]
}

output "ttl_commands" {
  description = "Turn on time-to-live, which this module leaves to firestore-ttl/ or to these commands."
  value = [
    for ttl in local.map.firestore.timeToLive :
    "gcloud firestore fields ttls update ${ttl.field} --collection-group=${ttl.collection} --database='${var.database}' --project ${var.project} --enable-ttl"
  ]
}
