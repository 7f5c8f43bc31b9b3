import type { Usage, UsagePoint } from "../domain/cold-starts.ts";
import type { ServiceKey } from "../domain/ids.ts";
import type { TimeSpan } from "../domain/time-spans.ts";
import { AppError } from "../ports/app-error.ts";
import type { MetricName, MetricQuery } from "../ports/metrics.ts";
import type { Deps } from "./deps.ts";
import { inParallel } from "./in-parallel.ts";

type Measuring = Readonly<{ service: ServiceKey; period: TimeSpan; signal: AbortSignal }>;

/** What Cloud Monitoring measured, and why it could not be read where it could not, in sentences. */
type UsageReading = Readonly<{ usage: Usage; unread: readonly string[] }>;

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Up to a week every minute is looked at, of longer times every fifth. */
const finestMs = 7 * dayMs;
/** Asked for a day or two at a time, so that an answer stays a few thousand points. */
const stretchDays = { fine: 1, coarse: 2 };
const atOnce = 8;

const metricsOfBill = [
  "request-count",
  "startup-latency",
  "instance-count",
  "billable-instance-time",
] as const;

/** Reads what a bill needs. A metric of which one stretch cannot be read is not known at all: half a sum is no sum. */
export async function readUsage(
  { metrics }: Pick<Deps, "metrics">,
  measuring: Measuring,
): Promise<UsageReading> {
  const found = new Map<MetricName, UsagePoint[]>(metricsOfBill.map((metric) => [metric, []]));
  const unread = new Set<string>();
  const queries = metricsOfBill.flatMap((metric) => queriesOf(metric, measuring));
  await inParallel(queries, atOnce, async (query) => {
    try {
      const series = await metrics.series(query);
      found.get(query.metric)?.push(...series.flatMap(({ points }) => points));
    } catch (error) {
      if (!(error instanceof AppError) && !measuring.signal.aborted) throw error;
      unread.add(error instanceof AppError ? error.message : "Cloud Monitoring did not answer in time.");
      found.delete(query.metric);
    }
  });
  // A metric without a single point says nothing, least of all zero.
  const points = (metric: MetricName): readonly UsagePoint[] | null => {
    const all = found.get(metric) ?? [];
    return all.length === 0 ? null : all;
  };
  const billable = points("billable-instance-time");
  const usage = {
    requests: points("request-count"),
    starts: points("startup-latency"),
    instances: points("instance-count"),
    billableSeconds: billable === null ? null : billable.reduce((sum, { value }) => sum + value, 0),
  };
  return { usage, unread: [...unread] };
}

/** One question for each stretch of the period. */
function queriesOf(metric: MetricName, { service, period, signal }: Measuring): readonly MetricQuery[] {
  const isFine = period.until - period.from <= finestMs;
  const everyMs = isFine ? minuteMs : 5 * minuteMs;
  const stretchMs = dayMs * (isFine ? stretchDays.fine : stretchDays.coarse);
  const count = Math.ceil((period.until - period.from) / stretchMs);
  return Array.from({ length: count }, (_, index) => {
    const from = period.from + index * stretchMs;
    const to = Math.min(period.until, from + stretchMs);
    return { service, revision: null, metric, from, to, everyMs, signal };
  });
}
