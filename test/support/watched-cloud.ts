import type { LogLine, LogsPort } from "../../shared/ports/logs.ts";
import type { MetricQuery, MetricSeries, MetricsPort } from "../../shared/ports/metrics.ts";

/** Cloud Monitoring as it answers where a test says nothing else: it has seen nothing. */
export function fakeMetrics(
  series: (query: MetricQuery) => Promise<readonly MetricSeries[]> = async () => [],
): MetricsPort {
  return { timing: { sampleMs: 60_000, lagMs: 180_000 }, series };
}

const started: LogLine = { at: 0, severity: "INFO", text: "STARTUP TCP probe succeeded" };

/** Cloud Logging with these lines of each revision; without a word, one that says that it started. */
export function fakeLogs(lines: () => readonly LogLine[] = () => [started]): LogsPort {
  const order = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];
  return {
    buildLog: async () => [],
    revisionLog: async ({ atLeast, limit }) =>
      lines()
        .filter(({ severity }) => order.indexOf(severity) >= order.indexOf(atLeast))
        .slice(0, limit),
  };
}
