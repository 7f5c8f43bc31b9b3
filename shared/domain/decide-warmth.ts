import type { CommandOf } from "./commands.ts";
import { type Decision, events, nothing, refuse } from "./decision.ts";
import type { ServiceEvent } from "./events.ts";
import type { Failure, ServiceState } from "./service-state.ts";
import {
  type MinimumChange,
  type WarmStep,
  type Warmth,
  type WarmthBackoff,
  warmthOf,
} from "./warm-state.ts";

const minute = 60_000;
const firstPauseMs = 5 * minute;
const longestPauseMs = 60 * minute;

/** Whether the service is in trouble, or a person has it: then nothing is done to its instances. */
export function isIncident({ active }: Pick<ServiceState, "active">): boolean {
  return active?.status === "rolling-back" || active?.status === "held";
}

/** The pause after so many failures in a row: 5 minutes, doubled each time, an hour at most. */
export function pauseAfter(tries: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries - 1, 10));
}

/**
 * A step that was planned from a reading of the service. Of any number of instances that plan the same step for the same
 * slot, one has its way, and the others' leads to nothing.
 */
export function decideKeepWarm(command: CommandOf<"keep-warm">, state: ServiceState): Decision {
  const { at, releaseId, plan } = command;
  const warmth = warmthOf(state);
  if (isIncident(state) || warmth.due !== null) return nothing;
  switch (plan.step) {
    case "set-minimum": {
      const { slot, from, to, raise, until } = plan;
      if (isDone(warmth, plan)) return nothing;
      return events({ type: "warmup-due", at, releaseId, slot, from, to, raise, until });
    }
    case "leave-alone":
      return warmth.raised === null ? nothing : events(leftAlone(command, plan));
    case "begin-pings":
      if (warmth.pings?.slot === plan.slot) return nothing;
      return events({ type: "warmup-pings-began", at, releaseId, slot: plan.slot, until: plan.until });
    case "back-off":
      return warmth.backoff !== null && at < warmth.backoff.until
        ? nothing
        : events(backedOff(command, warmth, plan));
  }
}

function isDone({ raised, leftAlone }: Warmth, { raise, to, slot }: MinimumChange): boolean {
  return raise ? raised?.to === to || leftAlone?.slot === slot : raised === null;
}

type Stamp = Pick<CommandOf, "at" | "releaseId">;

function leftAlone(
  { at, releaseId }: Stamp,
  { slot, expected, found, by }: Omit<Extract<WarmStep, { step: "leave-alone" }>, "step">,
): ServiceEvent {
  return { type: "warmup-left-alone", at, releaseId, slot, expected, found, by };
}

/** Failures in a row make the pauses longer; one that comes long after the last pause is the first of a new row. */
function backedOff(
  { at, releaseId }: Stamp,
  { backoff }: Warmth,
  { slot, what, message }: Pick<WarmthBackoff, "slot" | "what" | "message">,
): ServiceEvent {
  const isNext = backoff !== null && backoff.what === what && at < backoff.until + pauseAfter(backoff.tries);
  const tries = isNext ? backoff.tries + 1 : 1;
  return {
    type: "warmup-backed-off",
    at,
    releaseId,
    slot,
    what,
    message,
    tries,
    until: at + pauseAfter(tries),
  };
}

/** A person wants the service warm now. */
export function decideWarm(command: CommandOf<"warm">, state: ServiceState): Decision {
  const { at, by, until } = command;
  const { live } = state;
  if (live === null) return nothingLive(state);
  return events({ type: "warmup-asked", at, releaseId: live.id, by, until });
}

/** A person wants it cold: what was asked for ends, and a window that is open is given up. */
export function decideCoolDown(command: CommandOf<"cool-down">, state: ServiceState): Decision {
  const { at, by } = command;
  const releaseId = state.live?.id ?? warmthOf(state).raised?.releaseId ?? null;
  if (releaseId === null) return nothingLive(state);
  return events({ type: "warmup-called-off", at, releaseId, by });
}

function nothingLive({ key }: ServiceState): Decision {
  return refuse(
    "nothing-live",
    `No release of Gantry's is live on ${key}, so there is nothing that it keeps warm.`,
    `gantry status ${key}`,
  );
}

/** The write that was owed is over; one that somebody forestalled is theirs. */
export function decideMinimumSet(command: CommandOf<"finish-minimum">, state: ServiceState): Decision {
  const { at, releaseId, slot, to, result } = command;
  const warmth = warmthOf(state);
  const { due } = warmth;
  if (due === null || due.slot !== slot || due.to !== to) return nothing;
  const { from, raise, until } = due;
  switch (result.outcome) {
    case "set": {
      const type = raise ? "warmup-raised" : "warmup-lowered";
      return events({ type, at, releaseId, slot, from, to, raise, until });
    }
    case "changed":
      return events(leftAlone(command, { slot, expected: from, found: result.found, by: result.by }));
    case "refused":
      return events(backedOff(command, warmth, { slot, what: "minimum", message: result.message }));
  }
}

/** The write was tried as often as it may be: it is planned anew after a pause. */
export function decideMinimumGivenUp(stamp: Stamp, state: ServiceState, { message }: Failure): Decision {
  const warmth = warmthOf(state);
  if (warmth.due === null) return nothing;
  return events(backedOff(stamp, warmth, { slot: warmth.due.slot, what: "minimum", message }));
}
