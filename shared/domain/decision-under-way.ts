import type { ServiceEvent } from "./events.ts";
import type { Timestamp } from "./ids.ts";
import type { DecisionUnderWay } from "./release-facts.ts";

/** A message takes clicks again after this, though the traffic has not moved yet: somebody may want it back by then. */
const longestMs = 60_000;

/**
 * What a person decided and Gantry is still carrying out, and until when the message of the release waits for it; null =
 * nothing is. A decision that was refused, or that asks for another one, is not under way.
 */
export function decisionUnderWay(
  events: readonly ServiceEvent[],
  now: Timestamp,
): Readonly<{ decision: DecisionUnderWay; until: Timestamp }> | null {
  const [decided, begun] = events.filter(({ type }) => type !== "decision-refused").slice(-2);
  if (decided === undefined || begun?.type !== "step-began") return null;
  if (decided.type !== "approval-given" && decided.type !== "rollout-promoted") return null;
  const { at, by } = decided;
  const until = at + longestMs;
  if (now >= until) return null;
  const how = decided.type === "approval-given" ? "approved" : "promoted";
  return { decision: { words: `Moving to ${begun.percent} % of traffic, ${how}`, by, at }, until };
}
