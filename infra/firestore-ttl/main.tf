# Time-to-live of Gantry's documents. A module of its own, because the schema with which this repository checks its
# Terraform does not hold google_firestore_field: this file is formatted and parsed here, and no more.
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
  description = "The project in which Gantry runs."
  type        = string
}

variable "database" {
  description = "Gantry's Firestore database; it must be there."
  type        = string
  default     = "(default)"
}

resource "google_firestore_field" "ttl" {
  for_each = { for ttl in jsondecode(file("${path.module}/../gantry.json")).firestore.timeToLive : ttl.collection => ttl }

  project    = var.project
  database   = var.database
  collection = each.value.collection
  field      = each.value.field

  ttl_config {}

  # A field that only ends documents is never searched.
  index_config {}
}

resource "google_firestore_field" "unindexed" {
  for_each = { for field in jsondecode(file("${path.module}/../gantry.json")).firestore.unindexed : "${field.collection}.${field.field}" => field }

  project    = var.project
  database   = var.database
  collection = each.value.collection
  field      = each.value.field

  # Long, and asked for by no query: an index of it would only cost.
  index_config {}
}
