import type { EventOf } from "./events.ts";
import type { ReleaseId, Timestamp } from "./ids.ts";
import type { ServiceSettings } from "./service-settings.ts";
import type { Actor, ServiceState } from "./service-state.ts";

/** A change of the service's own minimum of instances, which makes no revision. */
export type MinimumChange = Readonly<{
  slot: string; // the stretch of warmth that it belongs to
  from: number; // as it was found
  to: number;
  raise: boolean; // false = what was raised goes back
  until: Timestamp | null; // how long it is to stay raised; null with a change back
}>;

/** What could not be done, and when it is tried again. */
export type WarmthBackoff = Readonly<{
  slot: string;
  what: "minimum" | "ping";
  message: string;
  tries: number; // in a row, 1-based
  until: Timestamp;
}>;

/** What Gantry did to keep a service warm, and what people said about it. */
export type Warmth = Readonly<{
  /** What Gantry raised and has not taken back. */
  raised: (MinimumChange & Readonly<{ at: Timestamp; releaseId: ReleaseId }>) | null;
  /** A write that is owed. */
  due: (MinimumChange & Readonly<{ at: Timestamp; releaseId: ReleaseId }>) | null;
  /** A person wants it warm until then, whatever the hours say. */
  asked: Readonly<{ by: Actor; at: Timestamp; until: Timestamp }> | null;
  /** A person wants it cold: the window that is open then is given up, the next one counts again. */
  off: Readonly<{ by: Actor; at: Timestamp }> | null;
  /** A stretch in which somebody else set the minimum, so that Gantry does not. */
  leftAlone: Readonly<{ slot: string; expected: number; found: number | null; at: Timestamp }> | null;
  backoff: WarmthBackoff | null;
  /** The stretch in which it is being pinged. */
  pings: Readonly<{ slot: string; until: Timestamp }> | null;
}>;

const cold: Warmth = {
  raised: null,
  due: null,
  asked: null,
  off: null,
  leftAlone: null,
  backoff: null,
  pings: null,
};

/** What is known of the warmth of a service; a state from before there was any says nothing of it. */
export function warmthOf({ warmth }: Pick<ServiceState, "warmth">): Warmth {
  return warmth ?? cold;
}

/** The settings as they are without what Gantry raised: its own warmth breaks no guard rail. */
export function withoutWarmth(
  settings: ServiceSettings,
  state: Pick<ServiceState, "warmth">,
): ServiceSettings {
  const { raised, due } = warmthOf(state);
  const { service } = settings;
  const own = [due?.raise === true ? due : null, raised].find(
    (change) => change?.to === service.instances.min,
  );
  if (own === undefined || own === null) return settings;
  const min = (raised ?? own).from || null;
  return { ...settings, service: { ...service, instances: { ...service.instances, min } } };
}

/** The step that somebody who looked at the service wants to take. `found` null = it is scaled by hand. */
export type WarmStep =
  | (Readonly<{ step: "set-minimum" }> & MinimumChange)
  | Readonly<{
      step: "leave-alone";
      slot: string;
      expected: number;
      found: number | null;
      by: string | null; // who wrote the service last, as far as Cloud Run tells
    }>
  | Readonly<{ step: "begin-pings"; slot: string; until: Timestamp }>
  | Readonly<{ step: "back-off"; slot: string; what: WarmthBackoff["what"]; message: string }>;

/** What came of the write of a minimum. */
export type MinimumResult =
  | Readonly<{ outcome: "set" }>
  | Readonly<{ outcome: "changed"; found: number | null; by: string | null }>
  | Readonly<{ outcome: "refused"; message: string }>;

export type WarmthEventType =
  | "warmup-asked"
  | "warmup-called-off"
  | "warmup-due"
  | "warmup-raised"
  | "warmup-lowered"
  | "warmup-left-alone"
  | "warmup-backed-off"
  | "warmup-pings-began";

/** The facts about warmth, by name; each is recorded with the release that is live then. */
export interface WarmthEventMap {
  "warmup-asked": { by: Actor; until: Timestamp };
  "warmup-called-off": { by: Actor };
  "warmup-due": MinimumChange;
  "warmup-raised": MinimumChange;
  "warmup-lowered": MinimumChange;
  "warmup-left-alone": { slot: string; expected: number; found: number | null; by: string | null };
  "warmup-backed-off": WarmthBackoff;
  "warmup-pings-began": { slot: string; until: Timestamp };
}

type Change<T extends WarmthEventType> = (warmth: Warmth, event: EventOf<T>) => Partial<Warmth>;

const changes: { readonly [T in WarmthEventType]: Change<T> } = {
  "warmup-asked": (_warmth, { by, at, until }) => ({
    asked: { by, at, until },
    off: null,
    leftAlone: null,
    backoff: null,
  }),
  "warmup-called-off": (_warmth, { by, at }) => ({ asked: null, off: { by, at } }),
  "warmup-due": (_warmth, event) => ({ due: changeOf(event) }),
  "warmup-raised": ({ raised }, event) => ({
    raised: { ...changeOf(event), from: raised?.from ?? event.from },
    due: null,
    backoff: null,
  }),
  "warmup-lowered": () => ({ raised: null, due: null, backoff: null }),
  "warmup-left-alone": (_warmth, { slot, expected, found, at }) => ({
    raised: null,
    due: null,
    leftAlone: { slot, expected, found, at },
  }),
  "warmup-backed-off": (_warmth, { slot, what, message, tries, until }) => ({
    due: null,
    backoff: { slot, what, message, tries, until },
  }),
  "warmup-pings-began": (_warmth, { slot, until }) => ({ pings: { slot, until } }),
};

function changeOf(event: EventOf<"warmup-due" | "warmup-raised">): NonNullable<Warmth["due"]> {
  const { slot, from, to, raise, until, at, releaseId } = event;
  return { slot, from, to, raise, until, at, releaseId };
}

function evolver<T extends WarmthEventType>(type: T) {
  return (state: ServiceState, event: EventOf<T>): ServiceState => {
    const change: Change<T> = changes[type];
    const warmth = warmthOf(state);
    return { ...state, warmth: { ...warmth, ...change(warmth, event) } };
  };
}

/** What each fact about warmth makes of the state. */
export const warmthEvolvers = {
  "warmup-asked": evolver("warmup-asked"),
  "warmup-called-off": evolver("warmup-called-off"),
  "warmup-due": evolver("warmup-due"),
  "warmup-raised": evolver("warmup-raised"),
  "warmup-lowered": evolver("warmup-lowered"),
  "warmup-left-alone": evolver("warmup-left-alone"),
  "warmup-backed-off": evolver("warmup-backed-off"),
  "warmup-pings-began": evolver("warmup-pings-began"),
};
