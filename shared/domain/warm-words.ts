import type { EventOf, ServiceEvent } from "./events.ts";
import type { WarmthEventType } from "./warm-state.ts";

type Sentences = { readonly [T in WarmthEventType]: (event: EventOf<T>) => string };

/** A line for each fact about warmth, without a subject. */
export const warmthSentences: Sentences = {
  "warmup-asked": ({ by, at, until }) =>
    `is to be warm for ${Math.round((until - at) / 60_000)} minutes: ${by.name} asked for it`,
  "warmup-called-off": ({ by }) => `is not to be warm now: ${by.name} called it off`,
  "warmup-due": ({ from, to }) => `has its minimum of instances changed from ${from} to ${to}`,
  "warmup-raised": ({ from, to }) => `is kept warm: its minimum went from ${from} to ${to}`,
  "warmup-lowered": ({ from, to }) => `may be cold again: its minimum went from ${from} to ${to}`,
  "warmup-left-alone": ({ expected, found, by }) =>
    `has a minimum that Gantry leaves alone: it left ${expected}, and ${handOf(found)}${lastWriter(by)}`,
  "warmup-backed-off": ({ what, message, tries, until, at }) =>
    `could not be ${what === "ping" ? "pinged" : "given its minimum"} (try ${tries}), and is tried again in ${Math.round((until - at) / 60_000)} minutes: ${message}`,
  "warmup-pings-began": () => "is kept warm by pings",
};

/** The latest fact about warmth among those of a release, as a sentence; empty = there is none. */
export function warmthNews(events: readonly ServiceEvent[]): string {
  const last = events.findLast(isAboutWarmth);
  return last === undefined ? "" : `The service ${wordsFor(last)}.`;
}

function wordsFor<T extends WarmthEventType>(event: EventOf<T>): string {
  const say: Sentences[T] = warmthSentences[event.type];
  return say(event);
}

function isAboutWarmth(event: ServiceEvent): event is EventOf<WarmthEventType> {
  return Object.hasOwn(warmthSentences, event.type);
}

function handOf(found: number | null): string {
  return found === null ? "somebody scales the service by hand now" : `somebody made it ${found}`;
}

/** Cloud Run tells only who wrote last, which may be about something else. */
function lastWriter(by: string | null): string {
  return by === null ? "" : ` (the service was last written by ${by})`;
}
