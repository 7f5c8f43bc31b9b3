import { status } from "@grpc/grpc-js";
import type { FaultSwitches } from "../build/fault-switches.ts";
import { type GrpcService, unary } from "../grpc/grpc-server.ts";
import { type ProtoDefinitions, serviceDefinition } from "../grpc/proto-definitions.ts";
import { invalidArgument, RpcError } from "../grpc/rpc-error.ts";
import { type AggregationRequest, aggregate } from "./aggregation.ts";
import { findMetric } from "./metric-catalogue.ts";
import type { MetricFaultName } from "./metric-faults.ts";
import type { SampledSeries, SampleStore } from "./sample-store.ts";
import { parseSeriesFilter } from "./series-filter.ts";
import { pageOf } from "./time-series.ts";

type Stamp = Readonly<{ seconds?: string; nanos?: number }>;

type ListRequest = Readonly<{
  name?: string;
  filter?: string;
  interval?: Readonly<{ startTime?: Stamp; endTime?: Stamp }>;
  aggregation?: Readonly<{
    alignmentPeriod?: Stamp;
    perSeriesAligner?: string;
    crossSeriesReducer?: string;
    groupByFields?: readonly string[];
  }>;
  view?: string;
  pageSize?: number;
  pageToken?: string;
}>;

export type MetricServiceParts = Readonly<{
  definitions: ProtoDefinitions;
  store: SampleStore;
  faults: FaultSwitches<MetricFaultName>;
  /** The shortest period that may be asked for; 60 s in the real service. */
  sampleMs: number;
  /** How long a sample takes until it can be read. */
  lagMs: number;
  now: () => number;
}>;

const DEFAULT_LATE_MS = 180_000;
const MAX_PAGE = 100_000;

/** `google.monitoring.v3.MetricService` with ListTimeSeries; its other methods answer UNIMPLEMENTED. */
export function metricService(parts: MetricServiceParts): GrpcService {
  return {
    definition: serviceDefinition(parts.definitions, "google.monitoring.v3.MetricService"),
    implementation: { ListTimeSeries: unary((request: ListRequest) => listTimeSeries(parts, request)) },
  };
}

function listTimeSeries(parts: MetricServiceParts, request: ListRequest): object {
  const { faults, store } = parts;
  if (faults.take("metrics-unavailable") !== null)
    throw new RpcError(status.UNAVAILABLE, "The service is currently unavailable.");
  const [, project] = /^projects\/([^/]+)$/.exec(request.name ?? "") ?? [];
  if (project === undefined)
    throw wrong("name", `must be projects/PROJECT, not ${JSON.stringify(request.name ?? "")}`);
  const filter = parseSeriesFilter(request.filter ?? "");
  if (findMetric(filter.metricType) === null)
    throw new RpcError(status.NOT_FOUND, `Cannot find metric(s) that match type = "${filter.metricType}".`);
  const interval = intervalOf(request);
  const aggregation = aggregationOf(request, parts.sampleMs);
  const found = store.find(project, filter.metricType).filter(filter.matches);
  const visible = found.map((series) => visibleIn(parts, series, interval));
  const series = aggregate(visible, aggregation, interval);
  return pageOf(series, {
    offset: Number(request.pageToken || 0) || 0,
    size: Math.min(request.pageSize || MAX_PAGE, MAX_PAGE),
    isRaw: aggregation.aligner === "ALIGN_NONE",
    view: request.view ?? "FULL",
  });
}

function visibleIn(
  { faults, lagMs, now }: MetricServiceParts,
  series: SampledSeries,
  { from, to }: Readonly<{ from: number; to: number }>,
): SampledSeries {
  const late = faults.take("metrics-late");
  const until = now() - lagMs - (late === null ? 0 : (late.ms ?? DEFAULT_LATE_MS));
  const samples = series.samples.filter(
    (sample) => sample.to > from && sample.to <= to && sample.to <= until,
  );
  return { ...series, samples };
}

function intervalOf({ interval }: ListRequest): Readonly<{ from: number; to: number }> {
  if (interval?.endTime === undefined) throw wrong("interval.endTime", "is required");
  const to = milliseconds(interval.endTime);
  const from = interval.startTime === undefined ? to : milliseconds(interval.startTime);
  if (from > to) throw wrong("interval.startTime", "must not be later than the end time");
  return { from, to };
}

function aggregationOf({ aggregation = {} }: ListRequest, sampleMs: number): AggregationRequest {
  const {
    alignmentPeriod,
    perSeriesAligner = "ALIGN_NONE",
    crossSeriesReducer = "REDUCE_NONE",
  } = aggregation;
  const periodMs = alignmentPeriod === undefined ? 0 : milliseconds(alignmentPeriod);
  if (perSeriesAligner === "ALIGN_NONE" && crossSeriesReducer !== "REDUCE_NONE")
    throw wrong("aggregation.perSeriesAligner", "must be set where series are reduced");
  if (perSeriesAligner !== "ALIGN_NONE" && periodMs < sampleMs)
    throw wrong("aggregation.alignmentPeriod", `must be at least ${sampleMs / 1000} seconds`);
  const { groupByFields = [] } = aggregation;
  return { periodMs, aligner: perSeriesAligner, reducer: crossSeriesReducer, groupBy: groupByFields };
}

function milliseconds({ seconds = "0", nanos = 0 }: Stamp): number {
  return Number(seconds) * 1000 + nanos / 1_000_000;
}

function wrong(field: string, description: string): RpcError {
  return invalidArgument([{ field, description }]);
}
