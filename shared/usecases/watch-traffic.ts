import type { CheckResult } from "../domain/events.ts";
import { judgeTag } from "../domain/identity.ts";
import type { ServiceKey } from "../domain/ids.ts";
import type { Candidate } from "../domain/service-state.ts";
import { describeSplit, isSameSplit, type Split, splitOf, type TrafficShare } from "../domain/traffic.ts";
import { isTransient } from "../ports/app-error.ts";
import type { RunPort } from "../ports/run.ts";

/** The service's traffic as read in this slice; `unread` = Cloud Run's API could not be reached yet. */
export type TrafficReading =
  | Readonly<{ kind: "read"; desired: Split; effective: readonly TrafficShare[] }>
  | Readonly<{ kind: "unread" }>;

export const unreadTraffic: TrafficReading = { kind: "unread" };

/** Reads the traffic once. A service that is gone has none; what may pass is `unread`; other errors throw. */
export async function readTraffic(
  params: Readonly<{ run: RunPort; service: ServiceKey }>,
): Promise<TrafficReading> {
  try {
    const snapshot = await params.run.readService(params.service);
    if (snapshot === null) return { kind: "read", desired: [], effective: [] };
    const { desired, effective, latestReadyRevision } = snapshot;
    return { kind: "read", desired: splitOf({ shares: desired, latest: latestReadyRevision }), effective };
  } catch (error) {
    if (isTransient(error)) return unreadTraffic;
    throw error;
  }
}

/** Whether somebody else asked for another split, and whether the tag still leads to the candidate. */
export function trafficResults(
  params: Readonly<{
    slice: Readonly<{ pair: Readonly<{ candidate: Candidate }>; expected: Split }>;
    reading: TrafficReading;
  }>,
): Readonly<{ results: readonly CheckResult[]; drift: Split | null }> {
  const { slice, reading } = params;
  const limit = describeSplit(slice.expected);
  if (reading.kind === "unread") {
    const measured = "Cloud Run did not tell the traffic";
    return { results: [{ name: "traffic", verdict: "inconclusive", measured, limit }], drift: null };
  }
  if (!isSameSplit(reading.desired, slice.expected)) {
    const measured = describeSplit(reading.desired);
    const result: CheckResult = { name: "traffic", verdict: "inconclusive", measured, limit };
    return { results: [result], drift: reading.desired };
  }
  const tag = judgeTag({ candidate: slice.pair.candidate, effective: reading.effective });
  return { results: tag === null ? [] : [tag], drift: null };
}
