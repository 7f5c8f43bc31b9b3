import type { BuildId, RevisionName, ServiceKey, Timestamp } from "../domain/ids.ts";

/** By rising weight, as Cloud Logging orders them: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
export const severities = [
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

export type Severity = (typeof severities)[number];

/** One entry. `text` is what was written, or the `message` of a JSON line; at most 4,000 characters, control characters gone. */
export type LogLine = Readonly<{ at: Timestamp; severity: Severity; text: string }>;

/**
 * What Cloud Logging holds. An entry can be read some seconds after it was written, so no lines is no proof that none were
 * written. Every method throws `AppError` `logs-unavailable` (transient), `logs-denied` or `logs-refused`; an aborted signal
 * throws its reason.
 */
export interface LogsPort {
  /** The LAST `limit` lines of a build, oldest first. */
  buildLog(
    params: Readonly<{ service: ServiceKey; build: BuildId; limit: number; signal: AbortSignal }>,
  ): Promise<readonly LogLine[]>;
  /**
   * The FIRST `limit` lines of a revision since `from` that weigh `atLeast`, oldest first: its stdout, stderr and Cloud Run's
   * own entries about its instances, never the request log.
   */
  revisionLog(
    params: Readonly<{
      service: ServiceKey;
      revision: RevisionName;
      from: Timestamp;
      atLeast: Severity;
      limit: number;
      signal: AbortSignal;
    }>,
  ): Promise<readonly LogLine[]>;
}
