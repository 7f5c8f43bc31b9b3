data "google_project" "this" {
  project_id = var.project
}

locals {
  map    = jsondecode(file("${path.module}/gantry.json"))
  number = data.google_project.this.number
  labels = merge({ app = "gantry" }, var.labels)

  archives = coalesce(var.archives, "${path.module}/../dist/functions")

  # Before the secrets hold values, no function and no service could start.
  functions = var.secrets_filled ? local.map.functions : {}

  secrets = {
    for name, secret in local.map.secrets : name => secret
    if(var.slack || !contains(local.map.slackSecrets, name)) && (var.github_token || name != "github") && (var.github_app || name != "githubApp") && (var.otlp_headers || name != "otlp")
  }
  # Somebody is told of releases: in Slack, or on GitHub.
  is_told    = var.slack || var.github_token || var.github_app
  secret_ids = [for secret in local.secrets : secret.id]

  services = {
    for s in var.services : "${coalesce(s.project, var.project)}/${coalesce(s.region, var.region)}/${s.name}" => {
      project         = coalesce(s.project, var.project)
      region          = coalesce(s.region, var.region)
      name            = s.name
      runtime_account = s.runtime_account
      repository      = s.image_repository
    }
  }
  service_projects = toset([for s in local.services : s.project])
  runtime_accounts = { for s in local.services : s.runtime_account => s.project... }
  image_repositories = {
    for s in local.services : "${s.project}/${s.region}/${s.repository}" => {
      project  = s.project
      region   = s.region
      name     = s.repository
      is_owned = s.project == var.project && s.repository == "gantry"
    }...
  }

  # The deterministic address: known before the function is there, so that it can be told its own audience.
  addresses = { for name, _ in local.map.functions : name => "https://gantry-${name}-${local.number}.${var.region}.run.app" }
  address   = "https://gantry-${local.number}.${var.region}.run.app"

  # What people are sent to from Slack and GitHub.
  people_address = var.console ? local.console_address : local.address

  # Nobody reads it: another value is another revision, whose instances read their settings anew.
  restart = var.settings_version == null ? {} : { GANTRY_SETTINGS_VERSION = var.settings_version }

  # Everyone gets the policy, the settings and where the state is; the secrets differ.
  environment = merge(var.otlp_endpoint == null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT = var.otlp_endpoint }, local.restart, {
    GOOGLE_CLOUD_PROJECT      = var.project
    GANTRY_FIRESTORE_DATABASE = var.database
    GANTRY_PUSH_ACCOUNT       = "gantry-push@${var.project}.iam.gserviceaccount.com"
    NODE_ENV                  = "production"
  })
  file_paths = { for name, secret in local.secrets : secret.variable => "/etc/gantry/${name}/${secret.file}" if secret.file != null }
}
