import type { LogsPort, Severity } from "../../ports/logs.ts";
import { partsOf, type ServiceParts } from "../google/service-parts.ts";

/** One question to `entries.list`: the body without its page. */
export type EntriesQuery = Readonly<{
  resourceNames: readonly string[];
  filter: string;
  orderBy: "timestamp asc" | "timestamp desc";
}>;

/** In quotes, as the query language reads them: https://cloud.google.com/logging/docs/view/logging-query-language */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

function logName({ project }: ServiceParts, name: string): string {
  return quoted(`projects/${project}/logs/${encodeURIComponent(name)}`);
}

/** Everything that a revision and Cloud Run wrote about it, but for the request log. */
export function revisionQuery({
  service,
  revision,
  from,
  atLeast,
}: Readonly<Pick<Parameters<LogsPort["revisionLog"]>[0], "service" | "revision" | "from">> &
  Readonly<{ atLeast: Severity }>): EntriesQuery {
  const parts = partsOf(service);
  const wanted = [
    'resource.type="cloud_run_revision"',
    `resource.labels.service_name=${quoted(parts.name)}`,
    `resource.labels.location=${quoted(parts.region)}`,
    `resource.labels.revision_name=${quoted(revision)}`,
    `logName!=${logName(parts, "run.googleapis.com/requests")}`,
    `timestamp>=${quoted(new Date(from).toISOString())}`,
    `severity>=${atLeast}`,
  ];
  return {
    resourceNames: [`projects/${parts.project}`],
    filter: wanted.join(" AND "),
    orderBy: "timestamp asc",
  };
}

/** What Cloud Build wrote about one build (`logName`s of https://cloud.google.com/build/docs/securing-builds/store-manage-build-logs). */
export function buildQuery({
  service,
  build,
}: Pick<Parameters<LogsPort["buildLog"]>[0], "service" | "build">): EntriesQuery {
  const parts = partsOf(service);
  const wanted = [
    'resource.type="build"',
    `resource.labels.build_id=${quoted(build)}`,
    `logName=${logName(parts, "cloudbuild")}`,
  ];
  return {
    resourceNames: [`projects/${parts.project}`],
    filter: wanted.join(" AND "),
    orderBy: "timestamp desc",
  };
}
