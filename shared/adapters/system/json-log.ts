import { type DestinationStream, pino } from "pino";
import type { Log } from "../../ports/system.ts";

/** The severities of Cloud Logging, by pino's level (Cloud Logging, `LogSeverity`). */
const severities: Readonly<Record<string, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

/** One JSON line a fact, as Cloud Logging reads it: `severity`, `message`, `time`, and the fields. */
export function createJsonLog(destination: DestinationStream): Log {
  return pino(
    {
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: severities[label] ?? "DEFAULT" }) },
    },
    destination,
  );
}
