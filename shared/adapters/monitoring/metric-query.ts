import type { protos } from "@google-cloud/monitoring";
import type { MetricName, MetricQuery } from "../../ports/metrics.ts";
import { partsOf } from "../google/service-parts.ts";

type IRequest = protos.google.monitoring.v3.IListTimeSeriesRequest;
type Aligner = keyof typeof protos.google.monitoring.v3.Aggregation.Aligner;
type Reducer = keyof typeof protos.google.monitoring.v3.Aggregation.Reducer;

/** How one metric is asked for: its type, how a period becomes one value, and which label stays apart. */
export type MetricKind = Readonly<{
  type: string;
  aligner: Aligner;
  reducer: Reducer;
  label: Readonly<{ ours: string; theirs: string }> | null;
}>;

const run = "run.googleapis.com";

/** The most of a distribution over all instances and containers of a revision. */
const peak = { aligner: "ALIGN_PERCENTILE_99", reducer: "REDUCE_MAX", label: null } as const;

/** By our name. Metrics: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run */
export const metricKinds: Readonly<Record<MetricName, MetricKind>> = {
  "memory-utilization": { type: `${run}/container/memory/utilizations`, ...peak },
  "gpu-utilization": { type: `${run}/container/gpu/utilizations`, ...peak },
  "gpu-memory-utilization": { type: `${run}/container/gpu/memory_utilizations`, ...peak },
  "startup-latency": { type: `${run}/container/startup_latencies`, ...peak },
  "instance-count": {
    type: `${run}/container/instance_count`,
    aligner: "ALIGN_MAX",
    reducer: "REDUCE_SUM",
    label: { ours: "state", theirs: "metric.labels.state" },
  },
  "request-count": {
    type: `${run}/request_count`,
    aligner: "ALIGN_DELTA",
    reducer: "REDUCE_SUM",
    label: { ours: "code", theirs: "metric.labels.response_code_class" },
  },
  "request-latency-p95": {
    type: `${run}/request_latencies`,
    aligner: "ALIGN_DELTA",
    reducer: "REDUCE_PERCENTILE_95",
    label: null,
  },
  "billable-instance-time": {
    type: `${run}/container/billable_instance_time`,
    aligner: "ALIGN_DELTA",
    reducer: "REDUCE_SUM",
    label: null,
  },
};

const revisionLabel = "resource.labels.revision_name";

/** The filter language of Cloud Monitoring: https://cloud.google.com/monitoring/api/v3/filters */
export function filterOf({ service, revision, metric }: MetricQuery): string {
  const { name, region } = partsOf(service);
  const wanted = [
    `metric.type = "${metricKinds[metric].type}"`,
    `resource.type = "cloud_run_revision"`,
    `resource.labels.service_name = "${name}"`,
    `resource.labels.location = "${region}"`,
    ...(revision === null ? [] : [`${revisionLabel} = "${revision}"`]),
  ];
  return wanted.join(" AND ");
}

/**
 * The request for one page. Periods are counted back from the end of the interval, so the interval is cut to whole ones from
 * its beginning (`Aggregation.alignment_period`, google/monitoring/v3/common.proto).
 */
export function timeSeriesRequest(query: MetricQuery, pageToken: string, pageSize: number): IRequest {
  const { aligner, reducer, label } = metricKinds[query.metric];
  const { project } = partsOf(query.service);
  const periods = Math.max(1, Math.floor((query.to - query.from) / query.everyMs));
  return {
    name: `projects/${project}`,
    filter: filterOf(query),
    interval: { startTime: stamp(query.from), endTime: stamp(query.from + periods * query.everyMs) },
    aggregation: {
      alignmentPeriod: duration(query.everyMs),
      perSeriesAligner: aligner,
      crossSeriesReducer: reducer,
      groupByFields: [revisionLabel, ...(label === null ? [] : [label.theirs])],
    },
    view: "FULL",
    pageSize,
    pageToken,
  };
}

function stamp(at: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(at / 1000), nanos: Math.round(at % 1000) * 1_000_000 };
}

const duration = stamp;
