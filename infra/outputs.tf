output "service_url" {
  description = "Where webhooks and API answer, and without `console` the console too."
  value       = local.address
}

output "console_url" {
  description = "Where people open the console."
  value       = local.people_address
}

output "iap_audience" {
  description = "For people.iap in gantry.server.yaml; null without `console`."
  value       = var.console ? "/projects/${local.number}/locations/${var.region}/services/${local.console_name}" : null
}

output "iap_commands" {
  description = "Put Identity-Aware Proxy before the console; nothing without `console`. PRINCIPAL is like group:ops@example.com."
  value = var.console ? [
    "gcloud services enable iap.googleapis.com --project ${var.project}",
    "gcloud beta services identity create --service=iap.googleapis.com --project ${var.project}",
    "gcloud run services add-iam-policy-binding ${local.console_name} --project ${var.project} --region ${var.region} --member=serviceAccount:service-${local.number}@gcp-sa-iap.iam.gserviceaccount.com --role=roles/run.invoker",
    "gcloud beta run services update ${local.console_name} --project ${var.project} --region ${var.region} --iap",
    "gcloud beta iap web add-iam-policy-binding --project ${var.project} --resource-type=cloud-run --service=${local.console_name} --region=${var.region} --member=PRINCIPAL --role=roles/iap.httpsResourceAccessor",
  ] : []
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
