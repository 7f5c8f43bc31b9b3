import { status } from "@grpc/grpc-js";
import { invalidArgument, RpcError } from "../grpc/rpc-error.ts";
import type { MetricDescriptor } from "./metric-catalogue.ts";
import type { Sample, SampledSeries } from "./sample-store.ts";
import { labelAt } from "./series-filter.ts";

/** What a period became: still a distribution, or a number. */
export type AlignedPoint = Readonly<{ from: number; to: number; values: readonly number[] }>;

export type AlignedSeries = Omit<SampledSeries, "samples"> &
  Readonly<{ isDistribution: boolean; points: readonly AlignedPoint[] }>;

export type AggregationRequest = Readonly<{
  periodMs: number; // 0 = as it was sampled
  aligner: string;
  reducer: string;
  groupBy: readonly string[];
}>;

type Fold = (values: readonly number[]) => number;

const sum: Fold = (values) => values.reduce((total, value) => total + value, 0);

/** By linear interpolation between the closest ranks. */
function percentile(share: number): Fold {
  return (values) => {
    const sorted = [...values].sort((left, right) => left - right);
    const rank = share * (sorted.length - 1);
    const below = sorted[Math.floor(rank)] ?? 0;
    const above = sorted[Math.ceil(rank)] ?? below;
    return below + (above - below) * (rank - Math.floor(rank));
  };
}

const percentiles: Readonly<Record<string, Fold>> = {
  PERCENTILE_99: percentile(0.99),
  PERCENTILE_95: percentile(0.95),
  PERCENTILE_50: percentile(0.5),
  PERCENTILE_05: percentile(0.05),
};

const folds: Readonly<Record<string, Fold>> = {
  MAX: (values) => Math.max(...values),
  MIN: (values) => Math.min(...values),
  MEAN: (values) => sum(values) / values.length,
  SUM: sum,
};

/** One value a period, then one series a group. @throws RpcError for what does not go together, or is not known here. */
export function aggregate(
  series: readonly SampledSeries[],
  request: AggregationRequest,
  interval: Readonly<{ from: number; to: number }>,
): readonly AlignedSeries[] {
  const aligned = series
    .map((one) => align(one, request, interval))
    .filter(({ points }) => points.length > 0);
  return reduce(aligned, request);
}

function align(
  { samples, ...about }: SampledSeries,
  { aligner, periodMs }: AggregationRequest,
  interval: Readonly<{ from: number; to: number }>,
): AlignedSeries {
  const isDistribution = about.metric.valueType === "DISTRIBUTION";
  if (aligner === "ALIGN_NONE") return { ...about, isDistribution, points: samples };
  const fold = alignerOf(about.metric, aligner);
  const points = periodsOf(samples, periodMs, interval).map(({ values, ...span }) => ({
    ...span,
    values: fold === null ? values : [fold(values)],
  }));
  return { ...about, isDistribution: isDistribution && fold === null, points };
}

/** Null = the values of a distribution stay together. */
function alignerOf({ kind, valueType, type }: MetricDescriptor, aligner: string): Fold | null {
  const name = aligner.replace(/^ALIGN_/, "");
  const isDistribution = valueType === "DISTRIBUTION";
  const refused = (): RpcError =>
    invalidArgument([
      {
        field: "aggregation.perSeriesAligner",
        description: `The aligner ${aligner} cannot be applied to metrics with kind ${kind} and value type ${valueType} (${type}).`,
      },
    ]);
  if (name === "DELTA") {
    if (kind !== "DELTA") throw refused();
    return isDistribution ? null : sum;
  }
  const fold = isDistribution ? percentiles[name] : folds[name];
  if (fold !== undefined) return fold;
  if (percentiles[name] !== undefined || folds[name] !== undefined) throw refused();
  throw unknownHere(aligner);
}

function unknownHere(name: string): RpcError {
  return new RpcError(status.UNIMPLEMENTED, `The local Cloud Monitoring does not know ${name}.`);
}

/** Counted back from the end, each open at its beginning and closed at its end. */
function periodsOf(
  samples: readonly Sample[],
  periodMs: number,
  { from, to }: Readonly<{ from: number; to: number }>,
): readonly AlignedPoint[] {
  const periods = new Map<number, number[]>();
  for (const sample of samples) {
    if (sample.to <= from || sample.to > to) continue;
    const back = Math.floor((to - sample.to) / periodMs);
    const known = periods.get(back);
    if (known === undefined) periods.set(back, [...sample.values]);
    else known.push(...sample.values);
  }
  return [...periods]
    .sort(([left], [right]) => right - left)
    .map(([back, values]) => ({ from: to - (back + 1) * periodMs, to: to - back * periodMs, values }));
}

function reduce(
  series: readonly AlignedSeries[],
  { reducer, groupBy }: AggregationRequest,
): readonly AlignedSeries[] {
  if (reducer === "REDUCE_NONE") return series;
  const name = reducer.replace(/^REDUCE_/, "");
  const fold = percentiles[name] ?? folds[name];
  if (fold === undefined) throw unknownHere(reducer);
  const groups = new Map<string, AlignedSeries[]>();
  for (const one of series) {
    const key = JSON.stringify(groupBy.map((path) => labelAt(one, path)));
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => merged(group, { fold, name, groupBy }));
}

type Merging = Readonly<{ fold: Fold; name: string; groupBy: readonly string[] }>;

function merged(group: readonly AlignedSeries[], { fold, name, groupBy }: Merging): AlignedSeries {
  const [first] = group;
  if (first === undefined) throw new Error("a group of series is never empty");
  if (first.isDistribution && percentiles[name] === undefined)
    throw invalidArgument([
      {
        field: "aggregation.crossSeriesReducer",
        description: `The reducer REDUCE_${name} cannot be applied to values of type DISTRIBUTION.`,
      },
    ]);
  const byEnd = new Map<number, AlignedPoint[]>();
  for (const point of group.flatMap(({ points }) => points))
    byEnd.set(point.to, [...(byEnd.get(point.to) ?? []), point]);
  const points = [...byEnd]
    .sort(([left], [right]) => left - right)
    .map(([to, alike]) => ({
      to,
      from: Math.min(...alike.map(({ from }) => from)),
      values: [fold(alike.flatMap(({ values }) => values))],
    }));
  return { ...first, ...keptLabels(first, groupBy), isDistribution: false, points };
}

/** A label that was not grouped by is gone from the answer. */
function keptLabels(
  { metricLabels, resourceLabels }: AlignedSeries,
  groupBy: readonly string[],
): Pick<AlignedSeries, "metricLabels" | "resourceLabels"> {
  const kept = (owner: string, labels: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(labels).filter(
        ([name]) => groupBy.includes(`${owner}.labels.${name}`) || groupBy.includes(`${owner}.label.${name}`),
      ),
    );
  return {
    metricLabels: kept("metric", metricLabels),
    resourceLabels: { ...kept("resource", resourceLabels), project_id: resourceLabels["project_id"] ?? "" },
  };
}
