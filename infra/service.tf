locals {
  # The same image twice, where people come through Identity-Aware Proxy: webhooks cannot pass it, so they have a door of their own.
  http_services = var.secrets_filled && var.service_image != null ? merge(
    { http = { name = "gantry", address = local.address } },
    var.console ? { console = { name = local.console_name, address = local.console_address } } : {},
  ) : {}
  console_name    = "gantry-console"
  console_address = "https://${local.console_name}-${local.number}.${var.region}.run.app"

  service_secrets = { for name in local.map.service.secrets : name => local.secrets[name] if contains(keys(local.secrets), name) }
}

resource "google_cloud_run_v2_service" "http" {
  for_each = local.http_services

  project             = var.project
  location            = var.region
  name                = each.value.name
  description         = "Gantry: ${each.key == "console" ? "API and console, behind Identity-Aware Proxy" : local.map.service.does}"
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = var.deletion_protection
  labels              = local.labels

  scaling {
    min_instance_count = each.key == "http" ? var.service_min_instances : 0
  }

  template {
    service_account                  = google_service_account.component["service"].email
    max_instance_request_concurrency = 80
    timeout                          = "3600s" # event streams

    scaling {
      max_instance_count = lookup(var.max_instances, "service", 5)
    }

    containers {
      image = var.service_image

      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      # It listens once it has read its settings. A probe over HTTP that comes too early comes again after a whole second at
      # the soonest, and would make each cold start wait for Firestore.
      startup_probe {
        timeout_seconds   = 240
        period_seconds    = 240
        failure_threshold = 1

        tcp_socket {
          port = 8080
        }
      }

      dynamic "env" {
        for_each = merge(local.environment, local.file_paths, { GANTRY_PUBLIC_URL = each.value.address })

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = { for name, secret in local.service_secrets : secret.variable => secret.id if secret.file == null }

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.this[env.value].secret_id
              version = "latest"
            }
          }
        }
      }

      dynamic "volume_mounts" {
        for_each = { for name, secret in local.service_secrets : name => secret if secret.file != null }

        content {
          name       = volume_mounts.key
          mount_path = "/etc/gantry/${volume_mounts.key}"
        }
      }
    }

    dynamic "volumes" {
      for_each = { for name, secret in local.service_secrets : name => secret if secret.file != null }

      content {
        name = volumes.key

        secret {
          secret = google_secret_manager_secret.this[volumes.value.id].secret_id

          items {
            version = "latest"
            path    = volumes.value.file
          }
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.reader]
}

# GitHub and Slack send no Google identity: Gantry checks their signatures, and a token or a sign-in for everything else. The
# console's own service is open to nobody but Identity-Aware Proxy, whose account `iap_commands` makes and lets in.
resource "google_cloud_run_v2_service_iam_member" "webhooks" {
  for_each = { for key, service in google_cloud_run_v2_service.http : key => service if key == "http" }

  project  = var.project
  location = var.region
  name     = each.value.name
  role     = "roles/run.invoker"
  member   = "allUsers"
}
