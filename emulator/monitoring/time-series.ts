import type { AlignedPoint, AlignedSeries } from "./aggregation.ts";

/** `google.monitoring.v3.TimeSeries` without its points. */
function headOf(
  { metric, metricLabels, resourceLabels, isDistribution }: AlignedSeries,
  isRaw: boolean,
): object {
  const valueType = isDistribution
    ? "DISTRIBUTION"
    : metric.valueType === "DISTRIBUTION"
      ? "DOUBLE"
      : metric.valueType;
  const metricKind =
    isRaw || (metric.kind === "DELTA" && metric.valueType !== "DISTRIBUTION") ? metric.kind : "GAUGE";
  return {
    metric: { type: metric.type, labels: metricLabels },
    resource: { type: "cloud_run_revision", labels: resourceLabels },
    metricKind,
    valueType,
    unit: metric.unit,
  };
}

/** One page: whole points, the newest first in each series; a series may go on on the next page. */
export function pageOf(
  series: readonly AlignedSeries[],
  { offset, size, isRaw, view }: Readonly<{ offset: number; size: number; isRaw: boolean; view: string }>,
): Readonly<{ timeSeries: readonly object[]; nextPageToken: string }> {
  if (view === "HEADERS") return { timeSeries: series.map((one) => headOf(one, isRaw)), nextPageToken: "" };
  let skipped = 0;
  let left = size;
  const timeSeries: object[] = [];
  for (const one of series) {
    const newestFirst = one.points.toReversed();
    const points = newestFirst.slice(Math.max(0, offset - skipped)).slice(0, left);
    skipped += newestFirst.length;
    left -= points.length;
    if (points.length > 0)
      timeSeries.push({ ...headOf(one, isRaw), points: points.map((point) => pointOf(one, point)) });
  }
  const isAll = offset + (size - left) >= skipped;
  return { timeSeries, nextPageToken: isAll ? "" : String(offset + size) };
}

function pointOf({ metric, isDistribution }: AlignedSeries, { from, to, values }: AlignedPoint): object {
  const startTime = stamp(metric.kind === "GAUGE" ? to : from);
  return {
    interval: { startTime, endTime: stamp(to) },
    value: typedValue({ metric, isDistribution }, values),
  };
}

function typedValue(
  { metric, isDistribution }: Pick<AlignedSeries, "metric" | "isDistribution">,
  values: readonly number[],
): object {
  if (isDistribution) return { distributionValue: distributionOf(values, metric.bounds) };
  const [value = 0] = values;
  return metric.valueType === "INT64" && Number.isInteger(value)
    ? { int64Value: String(value) }
    : { doubleValue: value };
}

/** `google.api.Distribution` with explicit buckets. */
function distributionOf(values: readonly number[], bounds: readonly number[]): object {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const bucketCounts = Array.from({ length: bounds.length + 1 }, () => 0);
  for (const value of values) {
    const index = bounds.findIndex((bound) => value < bound);
    const bucket = index < 0 ? bounds.length : index;
    bucketCounts[bucket] = (bucketCounts[bucket] ?? 0) + 1;
  }
  return {
    count: String(values.length),
    mean,
    sumOfSquaredDeviation: values.reduce((sum, value) => sum + (value - mean) ** 2, 0),
    bucketOptions: { explicitBuckets: { bounds } },
    bucketCounts: bucketCounts.map(String),
  };
}

function stamp(at: number): { seconds: string; nanos: number } {
  const seconds = Math.floor(at / 1000);
  return { seconds: String(seconds), nanos: Math.round((at - seconds * 1000) * 1_000_000) };
}
