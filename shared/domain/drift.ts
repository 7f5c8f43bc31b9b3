import type { EventOf } from "./events.ts";
import type { SettingRow } from "./guardrails.ts";
import type { ReleaseId, RevisionName, Timestamp } from "./ids.ts";
import type { ServiceSettings } from "./service-settings.ts";
import type { Actor, ServiceState } from "./service-state.ts";
import { changedRows } from "./settings-words.ts";
import { describeSplit, type Split, soleRevision } from "./traffic.ts";

/**
 * A service as Gantry last left it. `serving` null = no single revision, and the traffic is not compared. `isStale`: a release
 * writes the service, or may have, since it was read.
 */
export type LeftSettings = Readonly<{
  releaseId: ReleaseId; // the release whose story tells of it
  settings: ServiceSettings;
  serving: RevisionName | null;
  at: Timestamp;
  lookEveryMs: number | null; // null = nobody looks
  isStale: boolean;
}>;

/** What somebody else changed. Gantry leaves it as it is, and releases nothing until a person says so. */
export type Drift = Readonly<{
  rows: readonly SettingRow[];
  by: string | null; // whom Cloud Run names as the last to write the service
  since: Timestamp;
  settings: ServiceSettings | null; // null = the service is gone
  serving: RevisionName | null;
}>;

/** What happens to a service beside its releases. Each is told in the story of the release that wrote it last. */
export interface DriftEventMap {
  "settings-left": { settings: ServiceSettings; serving: RevisionName | null; lookEveryMs: number | null };
  "drift-found": {
    rows: readonly SettingRow[];
    by: string | null;
    settings: ServiceSettings | null;
    serving: RevisionName | null;
  };
  "drift-gone": Record<never, never>;
  "drift-accepted": { by: Actor; reason: string; rows: readonly SettingRow[] };
}

export type DriftEventType = keyof DriftEventMap;

/** What was found at a look at the service; `settings` null = it is gone. */
export type Look = Readonly<{ settings: ServiceSettings | null; served: Split }>;

/**
 * What somebody else changed since Gantry left the service: settings, and where the traffic goes. A minimum of the service
 * is the warmup's business where there is one.
 */
export function driftRows(
  left: Pick<LeftSettings, "settings" | "serving">,
  { settings, served }: Look,
  { isWarmed }: Readonly<{ isWarmed: boolean }>,
): readonly SettingRow[] {
  if (settings === null) return [{ setting: "service", wanted: "exists", found: "deleted" }];
  const ignored = isWarmed ? ["minInstances"] : [];
  return [...trafficRow(left.serving, served), ...changedRows(left.settings, settings, ignored)];
}

function trafficRow(serving: RevisionName | null, served: Split): readonly SettingRow[] {
  if (serving === null || soleRevision(served) === serving) return [];
  const wanted = describeSplit([{ revision: serving, percent: 100 }]);
  return [{ setting: "traffic", wanted, found: describeSplit(served) }];
}

/** Whether two looks found the same. */
export function isSameDrift(left: readonly SettingRow[], right: readonly SettingRow[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** What changed, as a sentence. */
export function driftInWords(rows: readonly SettingRow[]): string {
  return rows.map(({ setting, wanted, found }) => `${setting}: ${wanted} is now ${found}`).join("; ");
}

type Evolver<T extends DriftEventType> = (state: ServiceState, event: EventOf<T>) => ServiceState;

function withoutDrift({ drift: _gone, ...state }: ServiceState): ServiceState {
  return state;
}

/** How the state of a service follows what was left, and what somebody changed. */
export const driftEvolvers: { readonly [T in DriftEventType]: Evolver<T> } = {
  "settings-left": (state, { releaseId, settings, serving, lookEveryMs, at }) => ({
    ...withoutDrift(state),
    left: { releaseId, settings, serving, lookEveryMs, at, isStale: false },
  }),
  "drift-found": (state, { rows, by, settings, serving, at }) => ({
    ...state,
    drift: { rows, by, settings, serving, since: state.drift?.since ?? at },
  }),
  "drift-gone": withoutDrift,
  "drift-accepted": (state, { at }) => {
    const { left, drift } = state;
    const rest = withoutDrift(state);
    if (left === undefined || drift === undefined) return rest;
    if (drift.settings === null) return withoutLeft(rest);
    return { ...rest, left: { ...left, settings: drift.settings, serving: drift.serving, at } };
  },
};

function withoutLeft({ left: _gone, ...state }: ServiceState): ServiceState {
  return state;
}

/** Gantry wrote the traffic: `serving` has all of it now. */
export function nowServing(state: ServiceState, serving: RevisionName | null, at: Timestamp): ServiceState {
  if (state.left === undefined) return state;
  // Without a revision to serve, the service itself went with its first release.
  return serving === null ? withoutLeft(state) : { ...state, left: { ...state.left, serving, at } };
}

/** A release is about to write the service, or may have: what was read before says nothing any more. */
export function aboutToWrite(state: ServiceState): ServiceState {
  return state.left === undefined ? state : { ...state, left: { ...state.left, isStale: true } };
}
