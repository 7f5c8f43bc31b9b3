import type { EventType, Verdict } from "./events.ts";
import type { ReleaseRecord } from "./release-record.ts";

/** What a fact on `gantry-events` tells of itself, whoever published it. */
export type FactTold = Readonly<{
  type: string;
  slice?: number;
  checks?: readonly Readonly<{ verdict: string }>[];
}>;

const passed: Verdict = "pass";

/** Facts that come again and again while nothing changes, and when one of them is news all the same. */
const repeated: Partial<Readonly<Record<EventType, (fact: FactTold) => boolean>>> = {
  "build-polled": () => false,
  "watch-went-on": ({ slice, checks = [] }) =>
    slice === 1 || checks.some(({ verdict }) => verdict !== passed),
};

/**
 * Whether the message and the thread of a release say the same after this fact as before. The watch is news with its first
 * slice at a step, and as long as it cannot tell how the candidate does.
 */
export function isQuiet(fact: FactTold): boolean {
  const entry = Object.entries(repeated).find(([type]) => type === fact.type);
  return entry !== undefined && !entry[1](fact);
}

/** Whether the watch could not tell last how the candidate does: that this is over is told by a fact that is quiet. */
export function isUnclear({ status, checks }: Pick<ReleaseRecord, "status" | "checks">): boolean {
  const isWatched = status === "rolling-out" || status === "baking";
  return isWatched && checks.some(({ verdict }) => verdict !== passed);
}
