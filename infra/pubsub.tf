locals {
  subscriptions = {
    for s in flatten([
      for s in local.map.subscriptions : s.topic == local.map.cloudBuildTopic ? [
        for project in local.service_projects : merge(s, { key = project == var.project ? s.name : "${s.name}-${project}", project = project })
      ] : [merge(s, { key = s.name, project = var.project })]
    ]) : s.key => s
    if var.secrets_filled && (local.is_told || !s.onlyWhereTold)
  }
  pubsub_agent = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  a_week       = "604800s"
  a_month      = "2678400s"
}

resource "google_pubsub_topic" "own" {
  for_each = toset(local.map.topics)

  project    = var.project
  name       = each.value
  labels     = local.labels
  depends_on = [google_project_service.api]
}

# Cloud Build publishes to a topic of this name in the project that builds, and does not make it.
resource "google_pubsub_topic" "cloud_builds" {
  for_each = var.cloud_builds_topic ? local.service_projects : toset([])

  project    = each.value
  name       = local.map.cloudBuildTopic
  labels     = local.labels
  depends_on = [google_project_service.api]
}

resource "google_pubsub_subscription" "push" {
  for_each = local.subscriptions

  project = var.project
  name    = each.key
  # A topic of another project is named whole.
  topic                      = "projects/${each.value.project}/topics/${each.value.topic}"
  labels                     = local.labels
  ack_deadline_seconds       = each.value.ackDeadlineSeconds
  message_retention_duration = local.a_week

  expiration_policy {
    ttl = "" # never
  }

  push_config {
    # The path tells functions-framework the topic.
    push_endpoint = "${local.addresses[each.value.function]}/projects/${each.value.project}/topics/${each.value.topic}"

    oidc_token {
      service_account_email = google_service_account.component["push"].email
      audience              = local.addresses[each.value.function]
    }
  }

  retry_policy {
    minimum_backoff = "${each.value.minBackoffMs / 1000}s"
    maximum_backoff = "${each.value.maxBackoffMs / 1000}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.own[local.map.deadLetterTopic].id
    max_delivery_attempts = each.value.maxAttempts
  }

  depends_on = [
    google_cloudfunctions2_function.function,
    google_pubsub_topic.own,
    google_pubsub_topic.cloud_builds,
    google_service_account_iam_member.pubsub_signs,
  ]
}

# A dead-letter topic without a subscription loses what is published to it. The sweep keeps each letter in the store, where
# `gantry deadletter list` finds it; it is tried until it does, because there is no further place.
resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project
  name                       = local.map.deadLetterTopic
  topic                      = google_pubsub_topic.own[local.map.deadLetterTopic].id
  labels                     = local.labels
  ack_deadline_seconds       = 600
  message_retention_duration = local.a_month

  expiration_policy {
    ttl = ""
  }

  # Before there are functions the letters wait.
  dynamic "push_config" {
    for_each = var.secrets_filled ? ["sweep"] : []

    content {
      push_endpoint = "${local.addresses[push_config.value]}/projects/${var.project}/topics/${local.map.deadLetterTopic}"

      oidc_token {
        service_account_email = google_service_account.component["push"].email
        audience              = local.addresses[push_config.value]
      }
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  depends_on = [
    google_cloudfunctions2_function.function,
    google_service_account_iam_member.pubsub_signs,
  ]
}

# Pub/Sub's own agent lays messages aside: it publishes to the dead-letter topic and acknowledges in the subscription.
# https://cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions
resource "google_pubsub_topic_iam_member" "pubsub_lays_aside" {
  project = var.project
  topic   = google_pubsub_topic.own[local.map.deadLetterTopic].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_project_iam_member" "pubsub_acknowledges" {
  project    = var.project
  role       = "roles/pubsub.subscriber"
  member     = local.pubsub_agent
  depends_on = [google_pubsub_topic.own]
}

# It signs the tokens of its pushes as this account, and as no other.
resource "google_service_account_iam_member" "pubsub_signs" {
  service_account_id = google_service_account.component["push"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
  depends_on         = [google_pubsub_topic.own]
}

resource "google_cloud_scheduler_job" "clock" {
  for_each = var.secrets_filled ? { for job in local.map.schedule : job.name => job } : {}

  project     = var.project
  region      = var.region
  name        = each.key
  description = "Gantry: publishes to ${each.value.topic}"
  schedule    = each.value.cron
  time_zone   = var.time_zone

  pubsub_target {
    topic_name = google_pubsub_topic.own[each.value.topic].id
    data       = base64encode("{}")
  }

  retry_config {
    retry_count = 0 # the next minute tries again
  }
}
