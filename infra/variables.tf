variable "project" {
  description = "The project in which Gantry runs."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Where the functions, the HTTP service and the scheduler run."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "services" {
  description = "The Cloud Run services that Gantry releases. Each must exist, with a runtime account of its own; rights are granted on these and no others. image_repository: the name of a Docker repository in the service's project and region."
  type = list(object({
    project          = optional(string)
    region           = optional(string)
    name             = string
    runtime_account  = string
    image_repository = optional(string, "gantry")
  }))

  validation {
    condition     = alltrue([for s in var.services : can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", s.name))])
    error_message = "A service name has at most 49 lower-case letters, digits and hyphens, and begins with a letter."
  }

  validation {
    condition     = alltrue([for s in var.services : can(regex("^[a-z0-9.-]+@[a-z0-9.-]+\\.gserviceaccount\\.com$", s.runtime_account))])
    error_message = "runtime_account is the mail address of a service account."
  }

  validation {
    condition     = alltrue([for s in var.services : !can(regex("-compute@developer\\.gserviceaccount\\.com$", s.runtime_account))])
    error_message = "Give each service a runtime account of its own: Gantry may act as it, and the default compute account is everybody's."
  }
}

variable "secrets_filled" {
  description = "false: make only what must be there before the first values (APIs, secrets, repositories, the database). true: make everything."
  type        = bool
  default     = false
}

variable "archives" {
  description = "The folder that holds build.zip, deploy.zip, ... one a function, as `npm run bundle` makes them. null: dist/functions of the clone that this module lies in."
  type        = string
  default     = null
}

variable "service_image" {
  description = "The image of the HTTP service by digest, built from dist/container, which `npm run bundle` makes. null: no HTTP service."
  type        = string
  default     = null

  validation {
    condition     = var.service_image == null || can(regex("@sha256:[0-9a-f]{64}$", var.service_image))
    error_message = "Name the image by its digest, like REGION-docker.pkg.dev/PROJECT/gantry-functions/service@sha256:...: a tag can be moved."
  }
}

variable "service_min_instances" {
  description = "Instances of the HTTP service that are always there. Slack waits three seconds for an answer; 1 keeps a cold start out of them."
  type        = number
  default     = 0

  validation {
    condition     = var.service_min_instances >= 0 && var.service_min_instances <= 3
    error_message = "0 to 3."
  }
}

variable "console" {
  description = "Whether people come through Identity-Aware Proxy: makes a second service of the same image, gantry-console, which nobody reaches until `iap_commands` have run. Webhooks, CLI and CI keep the first."
  type        = bool
  default     = false
}

variable "slack" {
  description = "Whether Gantry speaks in Slack: makes its secrets."
  type        = bool
  default     = true
}

variable "github_token" {
  description = "Whether Gantry has a token for GitHub; public repositories can be read without, but no status is written. Where there is neither Slack nor a token nor an app, notify hears of nothing."
  type        = bool
  default     = true
}

variable "github_app" {
  description = "Whether Gantry is a GitHub App: makes the secret of its private key."
  type        = bool
  default     = false
}

variable "database" {
  description = "The Firestore database, made by this module."
  type        = string
  default     = "(default)"

  validation {
    condition     = var.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.database))
    error_message = "(default), or 4 to 63 lower-case letters, digits and hyphens."
  }
}

variable "database_location" {
  description = "Where the database is, for ever; null: in the region."
  type        = string
  default     = null
}

variable "cloud_builds_topic" {
  description = "Whether to make the topic cloud-builds in each project that builds. false: it is there already."
  type        = bool
  default     = true
}

variable "otlp_endpoint" {
  description = "Where functions and HTTP service send traces, by OTLP over HTTP; null: nowhere."
  type        = string
  default     = null

  validation {
    condition     = var.otlp_endpoint == null || can(regex("^https?://[^/@?# ]+(/[^@?# ]*)?$", var.otlp_endpoint))
    error_message = "An address like https://otlp.example.com, without name, key or query: a key belongs in otlp_headers."
  }
}

variable "otlp_headers" {
  description = "Whether traces are sent with headers that are a secret, gantry-otlp-headers; only with an otlp_endpoint."
  type        = bool
  default     = false
}

variable "settings_version" {
  description = "Any text that was not here before. Functions and HTTP service read policy, settings and secrets when an instance starts; another text makes new instances of all. null: none."
  type        = string
  default     = null
}

variable "time_zone" {
  description = "The zone that the scheduler jobs name. They run each minute; windows have zones of their own in gantry.yaml."
  type        = string
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Za-z_]+(/[A-Za-z0-9_+-]+)+$", var.time_zone))
    error_message = "A zone of the IANA database, like Europe/Paris."
  }
}

variable "max_instances" {
  description = "Other limits than the module's own, by function; `service` is the HTTP service."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for n in values(var.max_instances) : n >= 1 && n <= 100])
    error_message = "1 to 100."
  }
}

variable "notification_channels" {
  description = "Who hears of alerts: ids like projects/P/notificationChannels/N. Without any, alerts show in the console alone."
  type        = list(string)
  default     = []
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the database and the HTTP service."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of everything that has labels."
  type        = map(string)
  default     = {}
}
