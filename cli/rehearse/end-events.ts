import type { EventType, ServiceEvent } from "../../shared/domain/events.ts";
import type { ReleaseStatus } from "../../shared/domain/words.ts";

/** What ends a release, or makes it wait for a person, and how it stands then. */
const statusAfter = {
  "release-live": "live",
  "release-failed": "failed",
  "release-rolled-back": "rolled-back",
  "release-rejected": "rejected",
  "release-cancelled": "cancelled",
  "release-superseded": "superseded",
  "release-held": "held",
} as const satisfies Readonly<Partial<Record<EventType, ReleaseStatus>>>;

export type EndEvent = keyof typeof statusAfter;

export type End = Extract<ServiceEvent, { type: EndEvent }>;

export function isEnd(event: ServiceEvent): event is End {
  return event.type in statusAfter;
}

/** The last end of a release among its events; null = it has none. */
export function endOf(
  events: readonly ServiceEvent[],
): Readonly<{ event: End; status: ReleaseStatus }> | null {
  const event = events.findLast(isEnd);
  return event === undefined ? null : { event, status: statusAfter[event.type] };
}
