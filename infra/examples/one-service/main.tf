# One service, one project, Slack and GitHub: what most installations look like. It can be applied as it stands, with project,
# region, service and secrets_filled in a terraform.tfvars beside it, or as a copy (docs/how-to/google-cloud.md).
terraform {
  required_version = ">= 1.7"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.41, < 7"
    }
  }
}

variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "service" {
  type = string
}

# No default: with false where it was true, all functions, subscriptions and scheduler jobs would be destroyed.
variable "secrets_filled" {
  type = bool
}

variable "service_image" {
  type    = string
  default = null
}

variable "service_min_instances" {
  type    = number
  default = 0
}

variable "max_instances" {
  type    = map(number)
  default = {}
}

variable "settings_version" {
  type    = string
  default = null
}

variable "slack" {
  type    = bool
  default = true
}

variable "github_token" {
  type    = bool
  default = true
}

variable "github_app" {
  type    = bool
  default = false
}

variable "cloud_builds_topic" {
  type    = bool
  default = true
}

variable "database" {
  type    = string
  default = "(default)"
}

variable "database_location" {
  type    = string
  default = null
}

variable "console" {
  type    = bool
  default = false
}

variable "otlp_endpoint" {
  type    = string
  default = null
}

variable "otlp_headers" {
  type    = bool
  default = false
}

provider "google" {
  project = var.project
  region  = var.region
}

module "gantry" {
  source = "../.."

  project               = var.project
  region                = var.region
  secrets_filled        = var.secrets_filled
  service_image         = var.service_image
  service_min_instances = var.service_min_instances
  max_instances         = var.max_instances
  settings_version      = var.settings_version
  slack                 = var.slack
  github_token          = var.github_token
  github_app            = var.github_app
  cloud_builds_topic    = var.cloud_builds_topic
  database              = var.database
  database_location     = var.database_location
  console               = var.console
  otlp_endpoint         = var.otlp_endpoint
  otlp_headers          = var.otlp_headers

  services = [{
    name            = var.service
    runtime_account = "${var.service}-runtime@${var.project}.iam.gserviceaccount.com"
  }]
}

output "service_url" {
  value = module.gantry.service_url
}

output "webhook_url" {
  value = module.gantry.webhook_url
}

output "console_url" {
  value = module.gantry.console_url
}

output "iap_audience" {
  value = module.gantry.iap_audience
}

output "iap_commands" {
  value = module.gantry.iap_commands
}

output "image_name" {
  value = module.gantry.image_name
}

output "image_source" {
  value = module.gantry.image_source
}

output "secret_commands" {
  value = module.gantry.secret_commands
}

output "ttl_commands" {
  value = module.gantry.ttl_commands
}
