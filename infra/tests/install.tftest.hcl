# `terraform test` with a provider that answers nothing of Google's: what the module asks for, not what Google makes of it.
mock_provider "google" {}

override_data {
  target = data.google_project.this
  values = { number = "123456789012" }
}

variables {
  project        = "acme-ops"
  region         = "europe-west4"
  secrets_filled = true
  archives       = "./tests/archives"
  service_image  = "europe-west4-docker.pkg.dev/acme-ops/gantry-functions/service@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  services = [
    { name = "api", runtime_account = "api-runtime@acme-ops.iam.gserviceaccount.com" },
    { name = "upscaler", project = "acme-ml", region = "us-central1", runtime_account = "upscaler@acme-ml.iam.gserviceaccount.com", image_repository = "models" },
  ]
}

run "functions" {
  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : !contains(keys(f.service_config[0].environment_variables), "OTEL_EXPORTER_OTLP_ENDPOINT")])
    error_message = "Nothing is sent anywhere unless an address is named."
  }

  assert {
    condition     = toset(keys(google_cloudfunctions2_function.function)) == toset(["build", "deploy", "verify", "rollout", "rollback", "notify", "warmup", "sweep"])
    error_message = "There is one function a file of functions/."
  }

  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : f.build_config[0].runtime == "nodejs24"])
    error_message = "Every function runs on nodejs24: older runtimes are retired or will be first."
  }

  assert {
    condition     = alltrue([for name, f in google_cloudfunctions2_function.function : f.build_config[0].source[0].storage_source[0].object == "${name}-${filesha256("./tests/archives/${name}.zip")}.zip"])
    error_message = "The source of a function is named by what is in it: another archive makes another version."
  }

  assert {
    condition     = length(distinct([for f in google_cloudfunctions2_function.function : f.service_config[0].service_account_email])) == 8
    error_message = "Every function has a service account of its own."
  }

  assert {
    condition     = alltrue([for name, f in google_cloudfunctions2_function.function : f.service_config[0].service_account_email == google_service_account.component[name].email])
    error_message = "Every function runs as the account that is named after it."
  }

  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : f.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"])
    error_message = "Nobody outside of Google reaches a function."
  }

  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : f.service_config[0].timeout_seconds <= 3600])
    error_message = "A function that is called over HTTP runs for an hour at most."
  }

  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : f.service_config[0].max_instance_count <= 20])
    error_message = "The number of instances is bounded."
  }

  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : f.service_config[0].max_instance_request_concurrency == 1 || f.service_config[0].available_cpu == "1"])
    error_message = "Several requests at once need a whole CPU."
  }

  assert {
    condition     = length(flatten([for f in google_cloudfunctions2_function.function : f.event_trigger])) == 0
    error_message = "Functions are called by push subscriptions: an event trigger drops what fails unless told otherwise."
  }

  assert {
    condition     = google_cloudfunctions2_function.function["build"].service_config[0].environment_variables["GANTRY_POLICY_FILE"] == "/etc/gantry/policy/gantry.policy.yaml"
    error_message = "The policy is where the environment says."
  }

  assert {
    condition     = contains([for v in google_cloudfunctions2_function.function["build"].service_config[0].secret_volumes : "${v.mount_path}/${v.versions[0].path}"], "/etc/gantry/policy/gantry.policy.yaml")
    error_message = "The policy is mounted where the environment says."
  }

  assert {
    condition     = length([for e in google_cloudfunctions2_function.function["rollout"].service_config[0].secret_environment_variables : e]) == 0
    error_message = "What moves traffic holds no secret."
  }
}

run "service" {
  assert {
    condition     = output.image_name == "europe-west4-docker.pkg.dev/acme-ops/gantry-functions/service" && startswith(var.service_image, "${output.image_name}@")
    error_message = "The image of the HTTP service is pushed where the module looks for it."
  }

  assert {
    condition     = strcontains(one([for m in google_project_iam_member.package_sources : m.condition[0].expression]), "\"projects/_/buckets/${trimsuffix(trimprefix(output.image_source, "gs://"), "/service")}\"")
    error_message = "The account that builds the image reads what it is built from."
  }

  assert {
    condition     = google_cloud_run_v2_service.http["http"].template[0].containers[0].image == var.service_image && google_cloud_run_v2_service.http["http"].template[0].service_account == google_service_account.component["service"].email
    error_message = "The HTTP service runs the image that was named, as its own account."
  }

  assert {
    condition     = alltrue([for c in google_cloud_run_v2_service.http["http"].template[0].containers : length(c.startup_probe[0].http_get) == 0 && c.startup_probe[0].tcp_socket[0].port == 8080])
    error_message = "A cold start waits for the port, and not for Firestore."
  }

  assert {
    condition     = toset([for e in google_cloud_run_v2_service.http["http"].template[0].containers[0].env : e.name]) == toset(["GOOGLE_CLOUD_PROJECT", "GANTRY_FIRESTORE_DATABASE", "GANTRY_PUSH_ACCOUNT", "NODE_ENV", "GANTRY_PUBLIC_URL", "GANTRY_POLICY_FILE", "GANTRY_SERVER_FILE", "GANTRY_WEBHOOK_SECRETS", "GANTRY_SESSION_SECRET", "GANTRY_TOKENS", "GANTRY_SLACK_TOKEN", "GANTRY_SLACK_SIGNING_SECRETS", "GANTRY_GITHUB_TOKEN"])
    error_message = "The HTTP service has the settings and secrets that it is started with."
  }
}

run "messages" {
  assert {
    condition     = alltrue([for s in google_pubsub_subscription.push : s.ack_deadline_seconds == 600])
    error_message = "A function has 600 s."
  }

  assert {
    condition     = length(google_pubsub_subscription.push) == 14 && alltrue([for s in google_pubsub_subscription.push : length(s.dead_letter_policy) == 1 && s.dead_letter_policy[0].max_delivery_attempts >= 5 && s.dead_letter_policy[0].max_delivery_attempts <= 100])
    error_message = "Every subscription lays aside what it gives up."
  }

  assert {
    condition     = alltrue([for s in google_pubsub_subscription.push : length(s.retry_policy) == 1])
    error_message = "Every subscription waits before it tries again."
  }

  assert {
    condition     = alltrue([for s in google_pubsub_subscription.push : s.expiration_policy[0].ttl == ""])
    error_message = "No subscription goes because nothing was released for a month."
  }

  assert {
    condition     = alltrue([for s in google_pubsub_subscription.push : s.push_config[0].oidc_token[0].service_account_email == google_service_account.component["push"].email])
    error_message = "Every push says who it is."
  }

  assert {
    condition     = google_pubsub_subscription.push["rollout-work"].push_config[0].oidc_token[0].audience == google_cloudfunctions2_function.function["rollout"].service_config[0].environment_variables["GANTRY_PUSH_AUDIENCE"]
    error_message = "A function is told the audience that its pushes carry."
  }

  assert {
    condition     = google_pubsub_subscription.push["deploy-builds-acme-ml"].push_config[0].push_endpoint == "https://gantry-deploy-123456789012.europe-west4.run.app/projects/acme-ml/topics/cloud-builds"
    error_message = "Builds of another project are heard of too."
  }

  assert {
    condition     = google_pubsub_subscription.dead_letters.topic == google_pubsub_topic.own["gantry-dead-letters"].id
    error_message = "The dead-letter topic has a subscription, or what is laid aside is lost."
  }

  assert {
    condition     = endswith(google_pubsub_subscription.dead_letters.push_config[0].push_endpoint, "/topics/gantry-dead-letters") && length(google_pubsub_subscription.dead_letters.dead_letter_policy) == 0
    error_message = "Dead letters are pushed to the sweep, which keeps them, for as long as it takes."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.pubsub_lays_aside.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "Pub/Sub's own agent may lay messages aside."
  }

  assert {
    condition     = toset(keys(google_pubsub_topic.cloud_builds)) == toset(["acme-ops", "acme-ml"])
    error_message = "Cloud Build finds its topic in each project that builds."
  }

  assert {
    condition     = alltrue([for j in google_cloud_scheduler_job.clock : j.time_zone == "Etc/UTC" && j.schedule == "* * * * *" && j.pubsub_target[0].data == "e30="])
    error_message = "The clocks tick each minute, in a zone that is named."
  }

  assert {
    condition     = google_cloud_scheduler_job.clock["gantry-sweep"].pubsub_target[0].topic_name == google_pubsub_topic.own["gantry-sweep"].id
    error_message = "The sweep hears the clock."
  }
}

run "alerts" {
  assert {
    condition     = alltrue([for c in google_monitoring_alert_policy.standstill.conditions : alltrue([for a in c.condition_absent : a.duration == "600s" && strcontains(a.filter, "\"gantry-sweep\"") && a.aggregations[0].cross_series_reducer == "REDUCE_SUM"])])
    error_message = "The absence of the sweep's calls is that of all of them: the series of an old revision always goes."
  }

  assert {
    condition     = length(flatten([for c in google_monitoring_alert_policy.standstill.conditions : c.condition_absent])) == 1
    error_message = "Somebody hears that the sweep is not called."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.dead_letters.conditions[0].condition_threshold[0].filter, "topic_id = \"gantry-dead-letters\"")
    error_message = "What is laid aside is told of."
  }
}

run "rights" {
  assert {
    condition     = alltrue([for project in ["acme-ops", "acme-ml"] : length([for m in google_project_iam_member.service_project : m if m.project == project && m.role == "projects/${project}/roles/gantryPreflight"]) == 2 && google_project_iam_custom_role.preflight[project].role_id == "gantryPreflight" && google_project_iam_custom_role.build_keeper[project].role_id == "gantryBuildKeeper"])
    error_message = "The roles of Gantry's own are made in each project with services, and granted there."
  }

  assert {
    condition     = length(setunion(google_project_iam_custom_role.preflight["acme-ops"].permissions, ["secretmanager.versions.get", "artifactregistry.repositories.get", "cloudbuild.repositories.get"])) == 3
    error_message = "The preflight looks, and reads no secret."
  }

  assert {
    condition = alltrue([
      for m in concat(values(google_project_iam_member.database), values(google_project_iam_member.own_project), values(google_project_iam_member.service_project), values(google_project_iam_member.package_sources), [google_project_iam_member.pubsub_acknowledges]) :
      !contains(["roles/owner", "roles/editor", "roles/viewer", "roles/run.admin", "roles/run.developer", "roles/run.invoker", "roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator", "roles/secretmanager.secretAccessor", "roles/pubsub.publisher", "roles/pubsub.editor", "roles/artifactregistry.writer"], m.role)
    ])
    error_message = "What can be granted on a resource is not granted on a project."
  }

  assert {
    condition     = alltrue([for m in google_project_iam_member.database : length(m.condition) == 1 && strcontains(m.condition[0].expression, "projects/acme-ops/databases/(default)")])
    error_message = "The right to the state is a right to this database."
  }

  assert {
    condition     = alltrue([for m in google_project_iam_member.package_sources : length(m.condition) == 1])
    error_message = "The right to read sources is a right to one bucket."
  }

  assert {
    condition     = alltrue([for m in google_cloud_run_v2_service_iam_member.push : m.member != "allUsers" && m.member != "allAuthenticatedUsers"])
    error_message = "Nobody but the push account calls a function."
  }

  assert {
    condition     = alltrue([for m in google_cloud_run_v2_service_iam_member.service : m.member != "allUsers" && !contains(["roles/run.admin"], m.role)])
    error_message = "Gantry opens no service, and cannot."
  }

  assert {
    condition     = alltrue([for m in google_cloud_run_v2_service_iam_member.webhooks : m.name == "gantry"])
    error_message = "Only the HTTP service, which checks signatures and tokens itself, is open."
  }

  assert {
    condition     = alltrue([for m in google_cloud_run_v2_service_iam_member.service : contains(["api", "upscaler"], m.name)])
    error_message = "Rights are on the services that were named."
  }

  assert {
    condition     = length([for m in google_service_account_iam_member.build_account : m if m.service_account_id == "projects/acme-ml/serviceAccounts/gantry-images@acme-ml.iam.gserviceaccount.com" && m.member == "serviceAccount:${google_service_account.component["build"].email}"]) == 1
    error_message = "Only build may start builds as the build account."
  }

  assert {
    condition     = length(google_service_account_iam_member.build_account) == 2
    error_message = "Only build may start builds as the build account."
  }

  assert {
    condition     = alltrue([for m in google_secret_manager_secret_iam_member.reader : m.member == "serviceAccount:${google_service_account.component["service"].email}" if contains(["gantry-webhook-secrets", "gantry-tokens", "gantry-session-secret", "gantry-slack-signing-secrets"], m.secret_id)])
    error_message = "Only the HTTP service reads the secrets of its callers."
  }
}

run "before_the_secrets" {
  variables {
    secrets_filled = false
    archives       = null
    service_image  = null
  }

  assert {
    condition     = length(google_cloudfunctions2_function.function) == 0 && length(google_pubsub_subscription.push) == 0 && length(google_cloud_scheduler_job.clock) == 0
    error_message = "Without secrets nothing is made that needs them."
  }

  assert {
    condition     = length(google_secret_manager_secret.this) == 8 && length(google_project_service.api) == 12
    error_message = "The secrets and the APIs are made at once."
  }
}

run "where_nobody_is_told" {
  variables {
    slack        = false
    github_token = false
  }

  assert {
    condition     = length([for name in keys(google_pubsub_subscription.push) : name if startswith(name, "notify-")]) == 0
    error_message = "Where nobody is told, nobody listens for what is to be said."
  }

  assert {
    condition     = length(google_secret_manager_secret.this) == 5
    error_message = "Secrets that nobody has are not made."
  }
}

run "on_github_alone" {
  variables {
    slack        = false
    github_token = false
    github_app   = true
  }

  assert {
    condition     = length([for name in keys(google_pubsub_subscription.push) : name if startswith(name, "notify-")]) == 3
    error_message = "GitHub is told of releases without Slack too."
  }

  assert {
    condition     = contains(keys(google_secret_manager_secret.this), "gantry-github-app-key") && !contains(keys(google_secret_manager_secret.this), "gantry-github-token")
    error_message = "An app has a key instead of a token."
  }
}

run "behind_identity_aware_proxy" {
  variables {
    console = true
  }

  assert {
    condition     = toset([for s in google_cloud_run_v2_service.http : s.name]) == toset(["gantry", "gantry-console"]) && length(distinct([for s in google_cloud_run_v2_service.http : s.template[0].containers[0].image])) == 1
    error_message = "The console has a service of its own, of the same image."
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.webhooks) == 1 && alltrue([for m in google_cloud_run_v2_service_iam_member.webhooks : m.name == "gantry"])
    error_message = "Webhooks reach Gantry without the proxy, and nobody but the proxy reaches the console."
  }

  assert {
    condition     = output.webhook_url == "https://gantry-123456789012.europe-west4.run.app/hooks/github" && output.console_url == "https://gantry-console-123456789012.europe-west4.run.app"
    error_message = "The webhook's address stays what it was."
  }

  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : f.service_config[0].environment_variables["GANTRY_PUBLIC_URL"] == output.console_url])
    error_message = "Links lead people to the console that they may open."
  }

  assert {
    condition     = output.iap_audience == "/projects/123456789012/locations/europe-west4/services/gantry-console" && alltrue([for c in output.iap_commands : !strcontains(c, "services update gantry ")])
    error_message = "The proxy is switched on for the console alone."
  }
}

run "with_changed_settings" {
  variables {
    console          = true
    settings_version = "2026-11-23T09:00:00Z"
  }

  assert {
    condition     = length(google_cloudfunctions2_function.function) == 8 && alltrue([for f in google_cloudfunctions2_function.function : lookup(f.service_config[0].environment_variables, "GANTRY_SETTINGS_VERSION", "") == "2026-11-23T09:00:00Z"])
    error_message = "A changed settings_version changes every function: an instance reads policy and secrets when it starts."
  }

  assert {
    condition     = length(google_cloud_run_v2_service.http) == 2 && alltrue([for s in google_cloud_run_v2_service.http : contains([for e in s.template[0].containers[0].env : e.value if e.name == "GANTRY_SETTINGS_VERSION"], "2026-11-23T09:00:00Z")])
    error_message = "It changes the HTTP service and the console likewise: they know who has a token."
  }
}

run "with_a_small_quota" {
  command = plan

  variables {
    max_instances = { verify = 5, service = 2 }
  }

  assert {
    condition     = { for name, f in google_cloudfunctions2_function.function : name => f.service_config[0].max_instance_count if contains(["verify", "rollout"], name) } == { verify = 5, rollout = 20 } && alltrue([for s in google_cloud_run_v2_service.http : s.template[0].scaling[0].max_instance_count == 2])
    error_message = "A limit of a function, or of the HTTP service, can be lowered."
  }
}

run "with_traces" {
  variables {
    otlp_endpoint = "https://otlp.example.com"
    otlp_headers  = true
  }

  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.function : f.service_config[0].environment_variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://otlp.example.com" && contains([for e in f.service_config[0].secret_environment_variables : "${e.key} ${e.secret}"], "OTEL_EXPORTER_OTLP_HEADERS gantry-otlp-headers")])
    error_message = "Every function sends traces, with the header from its secret."
  }

  assert {
    condition     = alltrue([for s in google_cloud_run_v2_service.http : length([for e in s.template[0].containers[0].env : e if e.name == "OTEL_EXPORTER_OTLP_ENDPOINT" || e.name == "OTEL_EXPORTER_OTLP_HEADERS"]) == 2])
    error_message = "So does the HTTP service."
  }
}

run "refuses_a_key_in_an_address" {
  command = plan

  variables {
    otlp_endpoint = "https://key@otlp.example.com"
  }

  expect_failures = [var.otlp_endpoint]
}

run "refuses_a_moving_image" {
  command = plan

  variables {
    service_image = "europe-west4-docker.pkg.dev/acme-ops/gantry-functions/service:latest"
  }

  expect_failures = [var.service_image]
}

run "refuses_the_default_account" {
  command = plan

  variables {
    services = [{ name = "api", runtime_account = "123456789012-compute@developer.gserviceaccount.com" }]
  }

  expect_failures = [var.services]
}

run "refuses_a_zone_that_is_none" {
  command = plan

  variables {
    time_zone = "Paris"
  }

  expect_failures = [var.time_zone]
}
