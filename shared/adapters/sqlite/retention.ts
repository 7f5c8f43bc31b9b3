import type { Timestamp } from "../../domain/ids.ts";

const dayMs = 86_400_000;

/** How far back ids, dead letters, refusals and ended freezes are remembered; Pub/Sub redelivers for 7 days at most. */
export function retentionLimits(now: Timestamp): Readonly<{
  seenBefore: Timestamp;
  publishedBefore: Timestamp;
  deadBefore: Timestamp;
  refusedBefore: Timestamp;
  frozenBefore: Timestamp;
}> {
  return {
    seenBefore: now - 7 * dayMs,
    publishedBefore: now - 7 * dayMs,
    deadBefore: now - 30 * dayMs,
    refusedBefore: now - 90 * dayMs,
    frozenBefore: now - 90 * dayMs,
  };
}
