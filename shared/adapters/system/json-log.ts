import { type DestinationStream, pino } from "pino";
import { parseReleaseId } from "../../domain/ids.ts";
import type { Log } from "../../ports/system.ts";
import { traceOf } from "../../ports/tracing.ts";
import { circumstancesNow } from "./step-tracing.ts";

/** The severities of Cloud Logging, by pino's level (Cloud Logging, `LogSeverity`). */
const severities: Readonly<Record<string, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * One JSON line a fact, as Cloud Logging reads it: `severity`, `message`, `time`, the fields, what is known of the step in
 * which it is written, and the trace of it (https://cloud.google.com/logging/docs/structured-logging). `project` = where
 * the traces are, for Cloud Logging's link to them; null = they are named by their ids alone. A line about a request that is
 * about no release has the request's own trace.
 */
export function createJsonLog(destination: DestinationStream, project: string | null = null): Log {
  return pino(
    {
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ severity: severities[label] ?? "DEFAULT" }),
        log: (fields) => inCircumstances(fields, project),
      },
    },
    destination,
  );
}

/** A line about another release than the step's own belongs to the trace of that one. */
function inCircumstances(fields: Fields, project: string | null): Record<string, unknown> {
  const now = circumstancesNow();
  const releaseId = releaseIn(fields);
  const isAbroad = releaseId !== null && now?.facts.releaseId !== releaseId;
  const place = isAbroad ? traceOf(releaseId) : (now?.place ?? null);
  const facts = isAbroad ? {} : now?.facts;
  const traceNamed = (id: string) => ({
    "logging.googleapis.com/trace": project === null ? id : `projects/${project}/traces/${id}`,
  });
  const { requestTrace } = fields;
  if (place === null)
    return { ...facts, ...fields, ...(typeof requestTrace === "string" && traceNamed(requestTrace)) };
  return {
    ...facts,
    ...fields,
    ...traceNamed(place.traceId),
    "logging.googleapis.com/spanId": place.spanId,
    ...(now?.sampled ? { "logging.googleapis.com/trace_sampled": true } : {}),
  };
}

function releaseIn({ releaseId }: Fields) {
  return typeof releaseId === "string" ? parseReleaseId(releaseId) : null;
}
