output "service_url" {
  description = "Where the webhooks, the API and the console answer."
  value       = local.address
}

output "webhook_url" {
  description = "For the webhook of each repository on GitHub."
  value       = "${local.address}/hooks/github"
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
