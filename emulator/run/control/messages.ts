import type { ServiceKey } from "./service-records.ts";

/** Texts that Cloud Run answers with. They are part of the behaviour: people and programs match on them. */
export const RESOURCE_EXISTS = "Resource already exists.";

export const READINESS_DEADLINE = "Resource readiness deadline exceeded.";

export function conflictMessage(service: string, specified: string, current: string): string {
  return `Conflict for resource '${service}': version '${specified}' was specified but current version is '${current}'.`;
}

export function revisionNameTakenMessage(revision: string): string {
  return `Revision named '${revision}' with different configuration already exists.`;
}

export function unknownRevisionMessage(revision: string): string {
  return `Revision '${revision}' does not exist or is deleted. Update all traffic to route to currently available revisions.`;
}

type FailedStart = Readonly<{ key: ServiceKey; revision: string }>;

function logsUrl({ key, revision }: FailedStart): string {
  const resource = `cloud_run_revision/service_name/${key.service}/revision_name/${revision}`;
  const filter = encodeURIComponent(
    `resource.type="cloud_run_revision"\nresource.labels.service_name="${key.service}"\nresource.labels.revision_name="${revision}"`,
  );
  return `https://console.cloud.google.com/logs/viewer?project=${key.project}&resource=${resource}&advancedFilter=${filter}`;
}

function notReady(start: FailedStart, cause: string, anchor: string): string {
  return [
    `Revision '${start.revision}' is not ready and cannot serve traffic. ${cause}`,
    "",
    `Logs URL: ${logsUrl(start)} `,
    `For more troubleshooting guidance, see https://cloud.google.com/run/docs/troubleshooting#${anchor}`,
  ].join("\n");
}

/** The container did not listen on its port in time, or ended before it did. */
export function failedToListenMessage(start: FailedStart & Readonly<{ containerPort: number }>): string {
  const cause = [
    "The user-provided container failed to start and listen on the port defined provided by the",
    `PORT=${start.containerPort} environment variable within the allocated timeout. This can happen when the container port`,
    "is misconfigured or if the timeout is too short. The health check timeout can be extended. Logs for this revision",
    "might contain more information.",
  ].join(" ");
  return notReady(start, cause, "container-failed-to-start");
}

/** A startup probe that the template configures did not pass. */
export function failedProbeMessage(start: FailedStart): string {
  const cause = [
    "The user-provided container failed the configured startup probe checks.",
    "Logs for this revision might contain more information.",
  ].join(" ");
  return notReady(start, cause, "container-failed-to-start");
}

/** No repository holds the image. */
export function imageMissingMessage(image: string): string {
  return `Image '${image}' not found.`;
}
