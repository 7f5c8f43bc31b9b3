import type { ServiceKey, Timestamp } from "./ids.ts";
import { matchesGlob } from "./policy.ts";
import type { Actor, ServiceState } from "./service-state.ts";

/** A person's word that nothing new is released for a while; a rollback always may run. */
export type Freeze = Readonly<{
  id: string; // f-…
  services: string; // `project/region/name`; `*` and `**` as in the policy, `**` = every service
  from: Timestamp; // the first moment that is frozen
  until: Timestamp | null; // the first moment that is free again; null = until somebody lifts it
  zone: string; // IANA: where whoever set it reads the clock
  reason: string;
  by: Actor;
  at: Timestamp; // when it was set
  lifted: Lifted | null;
}>;

/** `cause`: the message that it came with; the same one again lifts nothing more. Null = none. */
export type Lifted = Readonly<{ by: Actor; at: Timestamp; reason: string; cause: string | null }>;

/** What stands over a service: a person's freeze, or a window of the operator's policy, which has no id. */
export type StandingFreeze = Readonly<{
  id: string | null;
  services: string;
  title: string; // why, or the name of the window
  by: string;
  until: Timestamp | null;
  zone: string;
}>;

/** Every service, now and later. */
export const everyService = "**";

export type FreezeState = "planned" | "stands" | "over" | "lifted";

/** Where a freeze is at a moment. */
export function freezeState({ from, until, lifted }: Freeze, at: Timestamp): FreezeState {
  if (lifted !== null) return "lifted";
  if (until !== null && until <= at) return "over";
  return from <= at ? "stands" : "planned";
}

/** The id of a freeze, as people type it; a service's name never has this form and length in one place. */
export function isFreezeId(text: string): boolean {
  return /^f-[0-9a-z]{8}$/.test(text);
}

/** `project/region/name` in which a part, or more, may be `*` or `**`. */
export function isServiceGlob(text: string): boolean {
  return (
    /^[a-z0-9:.*-]+(?:\/[a-z0-9.*-]+){0,2}$/.test(text) &&
    (text.includes("**") || text.split("/").length === 3)
  );
}

/** Whether what a freeze names is, or holds, this service. */
export function covers({ services }: Readonly<{ services: string }>, service: string): boolean {
  return matchesGlob(services, service);
}

/** The freezes that people set and that stand over a service at a moment, the one that was set first first. */
export function standingOver(
  freezes: readonly Freeze[],
  { service, at }: Readonly<{ service: ServiceKey; at: Timestamp }>,
): readonly StandingFreeze[] {
  return freezes
    .filter((freeze) => freezeState(freeze, at) === "stands" && covers(freeze, service))
    .sort((a, b) => a.at - b.at)
    .map(standing);
}

function standing({ id, services, reason, by, until, zone }: Freeze): StandingFreeze {
  return { id, services, title: reason, by: by.name, until, zone };
}

/** Those that lifting the freeze of one service means, and those that hold for others as well. */
export function freezesOf<T extends Readonly<{ services: string }>>(
  freezes: readonly T[],
  service: string, // `project/region/name`
): Readonly<{ own: readonly T[]; wider: readonly T[] }> {
  const found = freezes.filter((freeze) => covers(freeze, service));
  return {
    own: found.filter(({ services }) => services === service),
    wider: found.filter(({ services }) => services !== service),
  };
}

/** Releases that were admitted before, of the services that a freeze covers: they go on. */
export function underWay(
  states: readonly ServiceState[],
  scope: Readonly<{ services: string }>,
): readonly Readonly<{ id: string; tag: string; service: ServiceKey }>[] {
  return states
    .filter(({ key }) => covers(scope, key))
    .flatMap(({ key, active, queue }) =>
      [...(active === null ? [] : [active]), ...queue].map(({ id, tag }) => ({ id, tag, service: key })),
    );
}
