import type { EventType } from "./events.ts";
import type { ReleaseId } from "./ids.ts";
import type { ServiceState } from "./service-state.ts";

/** Whether the message of this release may offer to take it back though it ended: it is live, and nothing newer runs. */
export function offersWayBack({ live, active }: ServiceState, id: ReleaseId): boolean {
  return live?.id === id && active === null && live.stable !== null;
}

const turning: readonly EventType[] = [
  "release-began",
  "release-superseded",
  "release-failed",
  "release-rejected",
  "release-cancelled",
  "release-rolled-back",
];

/** Whether a fact about one release may change what the message of another one, which is live, offers. */
export function mayTurnWayBack(type: string): boolean {
  return turning.some((each) => each === type);
}
