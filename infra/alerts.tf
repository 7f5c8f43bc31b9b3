locals {
  functions_filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^gantry(-[a-z]+)?$\""
  push_names       = join("|", [for s in local.map.subscriptions : s.name])
}

resource "google_monitoring_alert_policy" "dead_letters" {
  project               = var.project
  display_name          = "Gantry: a message was given up"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels
  user_labels           = local.labels
  depends_on            = [google_project_service.api]

  conditions {
    display_name = "a function laid a message aside on ${local.map.deadLetterTopic}"

    condition_threshold {
      filter          = "resource.type = \"pubsub_topic\" AND resource.labels.topic_id = \"${google_pubsub_topic.own[local.map.deadLetterTopic].name}\" AND metric.type = \"pubsub.googleapis.com/topic/send_message_operation_count\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  conditions {
    display_name = "Pub/Sub laid a message aside after its attempts"

    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = monitoring.regex.full_match(\"(${local.push_names})(-.*)?\") AND metric.type = \"pubsub.googleapis.com/subscription/dead_letter_message_count\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Gantry could not make use of a message, or a function failed on it again and again. `gantry deadletter list` says which and why; `gantry deadletter replay ID` tries again. What a release owes is not lost with it: the sweep hands it off again."
  }
}

resource "google_monitoring_alert_policy" "stuck_releases" {
  project               = var.project
  display_name          = "Gantry: a release does not get on"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels
  user_labels           = local.labels
  depends_on            = [google_project_service.api]

  conditions {
    display_name = "work is overdue, or was given up"

    condition_matched_log {
      filter = "${local.functions_filter} AND (jsonPayload.message=\"Work is overdue\" OR jsonPayload.message=\"Work failed and is given up\")"
      label_extractors = {
        service = "EXTRACT(jsonPayload.service)"
        release = "EXTRACT(jsonPayload.releaseId)"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "900s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`gantry releases explain ID` says what the release waits for. Traffic stays where it was last moved; `gantry rollback SERVICE` gives it back, and `gantry rollback SERVICE --direct` does so with Gantry down."
  }
}

resource "google_monitoring_alert_policy" "standstill" {
  project               = var.project
  display_name          = "Gantry: messages are not taken"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.notification_channels
  user_labels           = local.labels
  depends_on            = [google_project_service.api]

  conditions {
    display_name = "a message waits for more than 15 minutes"

    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = monitoring.regex.full_match(\"(${local.push_names})(-.*)?\") AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = 900
      duration        = "300s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  conditions {
    display_name = "the sweep was not called for 10 minutes"

    condition_absent {
      filter   = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"gantry-sweep\" AND metric.type = \"run.googleapis.com/request_count\""
      duration = "600s"

      # One series: there is one for each revision and answer, and of those some always go.
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  # A push that may succeed later is answered with 5xx and comes again: a few are no fault.
  conditions {
    display_name = "a function fails again and again"

    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = monitoring.regex.full_match(\"gantry(-[a-z]+)?\") AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = 10
      duration        = "600s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`gantry doctor --project ${var.project}` looks at functions, rights, topics and subscriptions and says what to type."
  }
}
