import type { Stage } from "../domain/work.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import type { Deps } from "./deps.ts";
import { readWorkCall } from "./messages.ts";
import { workOn } from "./run-work.ts";

/** Tells whether an event was published on this topic. */
export function isFrom(event: PubSubEvent, topic: string): boolean {
  return event.source.endsWith(`/topics/${topic}`);
}

/** Tells a hand-off of work from a message that names none. */
export function isWorkCall(event: PubSubEvent): boolean {
  return event.data.message.attributes?.["kind"] !== undefined;
}

/** Goes on with the service that a work message names; the state, not the message, says what is owed. */
export async function workOnCall(deps: Deps, stage: Stage, event: PubSubEvent): Promise<void> {
  const { service } = readWorkCall(event);
  await workOn(deps, stage, service);
}
