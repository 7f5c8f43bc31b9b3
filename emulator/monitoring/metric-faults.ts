/** Everything that can be made to go wrong with metrics, by name, with what it does. */
export const METRIC_FAULTS = {
  "metrics-unavailable": "every call answers UNAVAILABLE (14)",
  "metrics-late": "samples can be read only `ms` milliseconds later than usual, three minutes without",
  "memory-high": "every instance reports 95 % of its memory as used",
} as const;

export type MetricFaultName = keyof typeof METRIC_FAULTS;

export const metricFaultNames: readonly MetricFaultName[] = [
  "metrics-unavailable",
  "metrics-late",
  "memory-high",
];

/** What `memory-high` reports. */
export const HIGH_MEMORY_SHARE = 0.95;
