import type { protos } from "@google-cloud/monitoring";
import { parseRevisionName } from "../../domain/ids.ts";
import type { MetricName, MetricPoint, MetricSeries } from "../../ports/metrics.ts";
import { metricKinds } from "./metric-query.ts";

type ITimeSeries = protos.google.monitoring.v3.ITimeSeries;
type IPoint = protos.google.monitoring.v3.IPoint;
type ITimestamp = protos.google.protobuf.ITimestamp;

/** One series as the port tells it; null when it names no revision or holds no number. */
export function seriesOf(metric: MetricName, raw: ITimeSeries): MetricSeries | null {
  const revision = parseRevisionName(raw.resource?.labels?.["revision_name"] ?? "");
  const points = (raw.points ?? []).flatMap(pointOf).sort((left, right) => left.to - right.to);
  if (revision === null || points.length === 0) return null;
  const { label } = metricKinds[metric];
  const value = label === null ? undefined : labelOf(raw, label.theirs);
  return { revision, labels: label === null || value === undefined ? {} : { [label.ours]: value }, points };
}

function labelOf({ metric }: ITimeSeries, path: string): string | undefined {
  return metric?.labels?.[path.slice(path.lastIndexOf(".") + 1)];
}

/** A gauge's point has one time: its beginning is its end. */
function pointOf({ interval, value }: IPoint): readonly MetricPoint[] {
  const number = value?.doubleValue ?? value?.int64Value;
  const to = timeOf(interval?.endTime);
  if (number === null || number === undefined || to === null) return [];
  return [{ from: timeOf(interval?.startTime) ?? to, to, value: Number(String(number)) }];
}

function timeOf(stamp: ITimestamp | null | undefined): number | null {
  if (!stamp) return null;
  return Number(String(stamp.seconds ?? 0)) * 1000 + Math.round((stamp.nanos ?? 0) / 1_000_000);
}
