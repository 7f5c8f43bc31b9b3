# One service, one project, Slack and GitHub: what most installations look like.
terraform {
  required_version = ">= 1.7"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.20, < 7"
    }
  }
}

variable "project" {
  type = string
}

variable "secrets_filled" {
  type    = bool
  default = false
}

variable "service_image" {
  type    = string
  default = null
}

provider "google" {
  project = var.project
  region  = "us-central1"
}

module "gantry" {
  source = "../.."

  project        = var.project
  region         = "us-central1"
  secrets_filled = var.secrets_filled
  archives       = "${path.root}/../../../dist/functions"
  service_image  = var.service_image

  services = [{
    name            = "api"
    runtime_account = "api-runtime@${var.project}.iam.gserviceaccount.com"
  }]
}

output "webhook_url" {
  value = module.gantry.webhook_url
}

output "secret_commands" {
  value = module.gantry.secret_commands
}

output "ttl_commands" {
  value = module.gantry.ttl_commands
}
