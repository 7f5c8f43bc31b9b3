import type { RevisionName, ServiceKey, Timestamp } from "../domain/ids.ts";

/**
 * What Cloud Monitoring knows of a Cloud Run revision, and what `value` of a point is, over the time from `from` to `to`:
 * - `memory-utilization`: share of the memory limit, 0..1; the 99th percentile over all instances of what was sampled
 *   (`container/memory/utilizations`, ALIGN_PERCENTILE_99)
 * - `gpu-utilization`, `gpu-memory-utilization`: the same of the GPU (`container/gpu/utilizations`,
 *   `container/gpu/memory_utilizations`). Only a revision with a GPU has these series
 * - `startup-latency`: milliseconds from the start of an instance until its startup probe passed, the slowest one
 *   (`container/startup_latencies`, ALIGN_PERCENTILE_99); no point where nothing started
 * - `instance-count`: instances, the most at one sample (`container/instance_count`, ALIGN_MAX); label `state` is `active`
 *   or `idle`
 * - `request-count`: requests that ended (`request_count`, ALIGN_DELTA); label `code` is `1xx` to `5xx`
 * - `request-latency-p95`: milliseconds (`request_latencies`, ALIGN_DELTA and REDUCE_PERCENTILE_95 over all codes)
 * - `billable-instance-time`: seconds of instances that are paid for (`container/billable_instance_time`, ALIGN_DELTA)
 *
 * Metrics: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run. Percentiles of a distribution are read from its
 * buckets, so they are as fine as those are.
 */
export const metricNames = [
  "memory-utilization",
  "gpu-utilization",
  "gpu-memory-utilization",
  "startup-latency",
  "instance-count",
  "request-count",
  "request-latency-p95",
  "billable-instance-time",
] as const;

export type MetricName = (typeof metricNames)[number];

export type MetricPoint = Readonly<{ from: Timestamp; to: Timestamp; value: number }>;

/** One line of points, oldest first; never empty. `labels` are those that `metricNames` names, else none. */
export type MetricSeries = Readonly<{
  revision: RevisionName;
  labels: Readonly<Record<string, string>>;
  points: readonly MetricPoint[];
}>;

export type MetricQuery = Readonly<{
  service: ServiceKey;
  /** Null = every revision of the service. */
  revision: RevisionName | null;
  metric: MetricName;
  from: Timestamp;
  to: Timestamp;
  /** The time that one point spans; Cloud Monitoring takes whole minutes. */
  everyMs: number;
  signal: AbortSignal;
}>;

/** How often a value is taken, and how long it may take until it can be read. */
export type MetricTiming = Readonly<{ sampleMs: number; lagMs: number }>;

/**
 * What Cloud Monitoring measured. A sample is taken each `timing.sampleMs` (60 s) and can be read up to `timing.lagMs` (180 s)
 * later: what lies between two samples was never seen, and a series or point that is absent says NOTHING, least of all zero.
 */
export interface MetricsPort {
  readonly timing: MetricTiming;
  /**
   * The series of the query, one for each revision and label. Throws `AppError` `metrics-unavailable` (transient),
   * `metrics-denied` or `metrics-refused`; an aborted signal throws its reason.
   */
  series(query: MetricQuery): Promise<readonly MetricSeries[]>;
}
