/** One metric of the monitored resource `cloud_run_revision`, as its descriptor tells it. */
export type MetricDescriptor = Readonly<{
  type: string;
  kind: "GAUGE" | "DELTA";
  valueType: "INT64" | "DOUBLE" | "DISTRIBUTION";
  unit: string;
  /** Upper ends of a distribution's buckets; empty for plain numbers. */
  bounds: readonly number[];
}>;

const shares = Array.from({ length: 100 }, (_, index) => (index + 1) / 100);

/** In milliseconds, each a fifth above the one before. */
const latencies = Array.from({ length: 80 }, (_, index) => Number((1.2 ** index).toFixed(3)));

function shareOf(type: string): MetricDescriptor {
  return { type, kind: "DELTA", valueType: "DISTRIBUTION", unit: "10^2.%", bounds: shares };
}

function latency(type: string): MetricDescriptor {
  return { type, kind: "DELTA", valueType: "DISTRIBUTION", unit: "ms", bounds: latencies };
}

/** What is sampled, by a name of its own: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run */
export const METRICS = {
  memory: shareOf("run.googleapis.com/container/memory/utilizations"),
  gpu: shareOf("run.googleapis.com/container/gpu/utilizations"),
  gpuMemory: shareOf("run.googleapis.com/container/gpu/memory_utilizations"),
  startup: latency("run.googleapis.com/container/startup_latencies"),
  requestLatency: latency("run.googleapis.com/request_latencies"),
  requests: {
    type: "run.googleapis.com/request_count",
    kind: "DELTA",
    valueType: "INT64",
    unit: "1",
    bounds: [],
  },
  instances: {
    type: "run.googleapis.com/container/instance_count",
    kind: "GAUGE",
    valueType: "INT64",
    unit: "1",
    bounds: [],
  },
  billable: {
    type: "run.googleapis.com/container/billable_instance_time",
    kind: "DELTA",
    valueType: "DOUBLE",
    unit: "s",
    bounds: [],
  },
} as const satisfies Readonly<Record<string, MetricDescriptor>>;

/** The metric of this type; null when nothing of that name is sampled here. */
export function findMetric(type: string): MetricDescriptor | null {
  return Object.values(METRICS).find((metric) => metric.type === type) ?? null;
}
