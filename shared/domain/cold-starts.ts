import type { Timestamp } from "./ids.ts";
import { isWithin, type TimeSpan } from "./time-spans.ts";

/** A value over a stretch of time, as a metric tells it. */
export type UsagePoint = Readonly<{ from: Timestamp; to: Timestamp; value: number }>;

/** What was measured of a service, all revisions together; null = Cloud Monitoring has nothing of the whole time. */
export type Usage = Readonly<{
  requests: readonly UsagePoint[] | null; // requests that ended
  starts: readonly UsagePoint[] | null; // a point = at least one instance of a revision started
  instances: readonly UsagePoint[] | null; // instances that were there
  billableSeconds: number | null;
}>;

/** A number with how it came about; `why` is a sentence for people. */
export type Counted = Readonly<{
  count: number | null; // null = not known
  basis: "measured" | "estimated" | "unknown";
  why: string;
}>;

/**
 * How long an instance is kept at most when nobody calls it: 15 minutes, 10 with a GPU
 * (https://cloud.google.com/run/docs/about-instance-autoscaling). Cloud Run promises no less.
 */
export function idleRetentionMs({ hasGpu }: Readonly<{ hasGpu: boolean }>): number {
  return (hasGpu ? 10 : 15) * 60_000;
}

/**
 * The time in which a service that scales to zero would have had an instance: from each request until the retention after
 * it. A span begins where an instance would have had to start. One instance at a time is assumed.
 */
export function awakeSpans(requests: readonly UsagePoint[], retentionMs: number): readonly TimeSpan[] {
  const spans: TimeSpan[] = [];
  const served = requests.filter(({ value }) => value > 0).sort((a, b) => a.from - b.from);
  for (const { from, to } of served) {
    const last = spans.at(-1);
    if (last === undefined || from > last.until) spans.push({ from, until: to + retentionMs });
    else spans[spans.length - 1] = { from: last.from, until: Math.max(last.until, to + retentionMs) };
  }
  return spans;
}

type Asked = Readonly<{
  usage: Usage;
  period: TimeSpan;
  warm: readonly TimeSpan[];
  mode: "minInstances" | "ping" | null; // null = the service is not kept warm
  retentionMs: number;
}>;

/**
 * Cold starts that the warmup took from users: requests in a warm window that came after nobody had called for longer than
 * an idle instance is kept. Where the count of instances tells that none was there, the start was not avoided.
 */
export function coldStartsAvoided({ usage, period, warm, mode, retentionMs }: Asked): Counted {
  if (mode === null) return counted(0, "measured", "The service is not kept warm, so nothing was avoided.");
  if (usage.requests === null) return unknown("Cloud Monitoring has no count of requests of this time.");
  if (mode === "ping")
    return unknown("Pings are counted like requests of users, so the gaps between users cannot be seen.");
  const gaps = awakeSpans(usage.requests, retentionMs)
    .map(({ from }) => from)
    .filter((from) => from - period.from > retentionMs && isWithin(warm, from));
  const minutes = Math.round(retentionMs / 60_000);
  const said = `requests in the warm window after more than ${minutes} min without one, which an instance may not outlast without a minimum`;
  if (usage.instances === null)
    return counted(
      gaps.length,
      "estimated",
      `Estimated: ${said}; whether an instance was there is not known.`,
    );
  const there = usage.instances;
  const met = gaps.filter((from) =>
    there.some((point) => point.value > 0 && point.from < from && point.to >= from - slackOf(point)),
  );
  return counted(
    met.length,
    "estimated",
    `Estimated: ${said}, where the count of instances shows that one waited.`,
  );
}

/** Starts of instances outside of the warm window: somebody waited for most of them. */
export function coldStartsSeen({ usage, warm }: Pick<Asked, "usage" | "warm">): Counted {
  if (usage.starts === null) return unknown("Cloud Monitoring has no start of an instance in this time.");
  const outside = usage.starts.filter(({ from, value }) => value > 0 && !isWithin(warm, from)).length;
  const inside = usage.starts.filter(({ value }) => value > 0).length - outside;
  const more =
    inside === 0 ? "" : ` ${inside} more lie in it: the warmup's own, a release's, or those of more load.`;
  return counted(
    outside,
    "measured",
    `Measured, at least: stretches outside of the warm window in which an instance started.${more}`,
  );
}

/** A sample tells of a moment within its stretch: the one before counts too. */
function slackOf({ from, to }: UsagePoint): number {
  return to - from;
}

function counted(count: number, basis: "measured" | "estimated", why: string): Counted {
  return { count, basis, why };
}

function unknown(why: string): Counted {
  return { count: null, basis: "unknown", why };
}
