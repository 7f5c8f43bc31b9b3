import type { LogLine, RevisionActivity } from "../run/data/data-plane.ts";

/** What the local Cloud Run has to log: what its revisions are, and what they wrote. */
export type LoggedRun = Readonly<{
  activity: () => readonly Pick<RevisionActivity, "key" | "revision">[];
  logs: (service: string, revision: string) => readonly LogLine[];
}>;

/** `google.logging.v2.LogEntry` in its REST form. */
export type LogEntry = Readonly<{
  insertId: string;
  logName: string;
  resource: Readonly<{ type: string; labels: Readonly<Record<string, string>> }>;
  timestamp: string;
  severity: string;
  labels: Readonly<Record<string, string>>;
  textPayload?: string;
  jsonPayload?: Readonly<Record<string, unknown>>;
}>;

/** In rising order: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
export const SEVERITIES = [
  "DEFAULT",
  "DEBUG",
  "INFO",
  "NOTICE",
  "WARNING",
  "ERROR",
  "CRITICAL",
  "ALERT",
  "EMERGENCY",
] as const;

/** Every entry of every revision, oldest first within a revision. */
export function runEntries({ activity, logs }: LoggedRun): readonly LogEntry[] {
  return activity().flatMap(({ key, revision }) => {
    const { project, location, service } = key;
    const labels = {
      project_id: project,
      location,
      service_name: service,
      revision_name: revision.name,
      configuration_name: service,
    };
    const resource = { type: "cloud_run_revision", labels };
    const name = `projects/${project}/locations/${location}/services/${service}`;
    return logs(name, revision.name).map((line, index) => entryOf({ line, index, project, resource }));
  });
}

const streams: Readonly<Record<LogLine["stream"], string>> = {
  stdout: "run.googleapis.com/stdout",
  stderr: "run.googleapis.com/stderr",
  system: "run.googleapis.com/varlog/system",
};

function entryOf({
  line,
  index,
  project,
  resource,
}: Readonly<{
  line: LogLine;
  index: number;
  project: string;
  resource: LogEntry["resource"];
}>): LogEntry {
  const { at, instance, stream, text } = line;
  return {
    insertId: `${instance}-${index}`,
    logName: `projects/${project}/logs/${encodeURIComponent(streams[stream])}`,
    resource,
    timestamp: new Date(at).toISOString(),
    labels: { instanceId: instance },
    ...payloadOf(text, stream),
  };
}

/**
 * A line that is a JSON object becomes `jsonPayload` with its `severity` taken out; one that holds only a message, and any
 * other line, becomes `textPayload` (https://cloud.google.com/run/docs/logging, "structured logging").
 */
function payloadOf(
  text: string,
  stream: LogLine["stream"],
): Pick<LogEntry, "severity" | "textPayload" | "jsonPayload"> {
  if (stream === "system") return { severity: systemSeverity(text), textPayload: text };
  const fields = jsonObject(text);
  if (fields === null) return { severity: "DEFAULT", textPayload: text };
  const { severity, ...rest } = fields;
  const word = typeof severity === "string" ? severity.toUpperCase() : "DEFAULT";
  const known = SEVERITIES.find((each) => each === word) ?? "DEFAULT";
  const [only, ...others] = Object.entries(rest);
  if (only?.[0] === "message" && others.length === 0 && typeof only[1] === "string")
    return { severity: known, textPayload: only[1] };
  return { severity: known, jsonPayload: rest };
}

/** Cloud Run tells of a container that ended by itself as of an error, and of the rest for information. */
function systemSeverity(text: string): string {
  return /^Container called exit\((?!0\))|could not be started/.test(text) ? "ERROR" : "INFO";
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | null {
  if (!text.startsWith("{")) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : null;
  } catch {
    return null;
  }
}
