import type { ServiceEvent } from "../../domain/events.ts";
import type { ServiceKey } from "../../domain/ids.ts";
import type { OutgoingMessage } from "../../ports/bus.ts";
import type { StoredEvent } from "../../ports/store.ts";
import { type Moment, numberOf, textOf } from "./document-fields.ts";
import type { StoredDocument } from "./firestore-database.ts";
import { unpacked } from "./packed-json.ts";

/** What a document of `commits` keeps. */
export type CommitBody = Readonly<{
  events: readonly ServiceEvent[];
  messages: readonly OutgoingMessage[];
}>;

/** 1 January 2025 UTC, in seconds. */
const epochSeconds = 1_735_689_600;

/** Positions that one microsecond has. */
const perMicrosecond = 16;

/**
 * The position of the n-th event (from 0) of a commit: microseconds from 2025 to the commit, times 16, plus n. Firestore gives
 * commits their times in the order in which they become visible (https://cloud.google.com/firestore/docs/transaction-data-contention),
 * so no counter is needed. A JavaScript number holds it exactly until November 2042. A commit's events past the 16th
 * take positions of the microseconds after it.
 */
export function positionAt(committed: Moment, n: number): number {
  const { seconds, nanos } = committed;
  const micros = (seconds - epochSeconds) * 1_000_000 + Math.floor(nanos / 1000);
  return micros * perMicrosecond + n;
}

/** Milliseconds since 1970 at which the position began, rounded down. */
export function millisAt(position: number): number {
  return epochSeconds * 1000 + Math.floor(position / perMicrosecond / 1000);
}

/** The events of a commit, each with its place. */
export function eventsOf(document: StoredDocument): readonly StoredEvent[] {
  const { fields, createdAt } = document;
  const service = textOf(fields, "service") as ServiceKey;
  const first = numberOf(fields, "firstSequence") ?? 1;
  const { events } = unpacked<CommitBody>(fields);
  return events.map((event, n) => ({
    service,
    sequence: first + n,
    position: positionAt(createdAt, n),
    event,
  }));
}

export function byPosition(a: StoredEvent, b: StoredEvent): number {
  return a.position - b.position || (a.service < b.service ? -1 : 1);
}
