import type { ServiceEvent } from "./events.ts";
import type { Timestamp } from "./ids.ts";
import type { ReleaseRecord } from "./release-record.ts";

/** A release that got production traffic, and what became of it. */
export type Deployment = Readonly<{
  isFailed: boolean; // it was taken back, or it was held for a person
  leadMs: number | null; // from the commit to being live; null = it never was, or nobody knows the commit's time
  recoveryMs: number | null; // from the failure to what was stable before; null = none, or not yet
}>;

/** The four figures of software delivery over one window; null = nothing to tell it from. */
export type DeliveryFigures = Readonly<{
  deployments: number;
  perDay: number;
  leadMs: number | null; // median
  failureShare: number | null; // 0..1
  recoveryMs: number | null; // median
}>;

/** Whether its failure or its end has to be looked up in its events: a release that is live tells all by its record. */
export function needsEvents({ status, found }: Pick<ReleaseRecord, "status" | "found">): boolean {
  if (status === "cancelled") return found !== null; // what a hold found: without one it had no traffic
  return status === "rolled-back" || status === "held" || status === "rolling-back";
}

/** The release as a deployment; null = it got no traffic, or is still on its way. `events` may be empty where none are needed. */
export function deploymentOf(record: ReleaseRecord, events: readonly ServiceEvent[]): Deployment | null {
  const isFailed = needsEvents(record);
  if (record.status !== "live" && !isFailed) return null;
  const liveAt = isFailed ? timeOf(events, "release-live") : record.endedAt;
  return { isFailed, leadMs: leadOf(record, liveAt), recoveryMs: isFailed ? recoveryOf(events) : null };
}

function leadOf({ committedAt }: ReleaseRecord, liveAt: Timestamp | null): number | null {
  return committedAt === undefined || liveAt === null ? null : Math.max(0, liveAt - committedAt);
}

/** From the first word that it failed to all traffic on what served before. */
function recoveryOf(events: readonly ServiceEvent[]): number | null {
  const failedAt = timeOf(events, "release-held", "rollback-began");
  const restoredAt = timeOf(events, "stable-restored");
  return failedAt === null || restoredAt === null ? null : Math.max(0, restoredAt - failedAt);
}

function timeOf(
  events: readonly ServiceEvent[],
  ...types: readonly ServiceEvent["type"][]
): Timestamp | null {
  return events.find(({ type }) => types.includes(type))?.at ?? null;
}

/**
 * The four figures as DORA defines them (https://dora.dev/guides/dora-metrics-four-keys/): deployment frequency, lead time for
 * changes, change failure rate and failed deployment recovery time.
 */
export function deliveryFigures(deployments: readonly Deployment[], days: number): DeliveryFigures {
  const count = deployments.length;
  return {
    deployments: count,
    perDay: count / days,
    leadMs: median(deployments.map(({ leadMs }) => leadMs)),
    failureShare: count === 0 ? null : deployments.filter(({ isFailed }) => isFailed).length / count,
    recoveryMs: median(deployments.map(({ recoveryMs }) => recoveryMs)),
  };
}

/** Of an even number, the mean of the two in the middle. */
function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}
