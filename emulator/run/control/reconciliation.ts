import { status } from "@grpc/grpc-js";
import { failedConditions, succeededConditions } from "./conditions.ts";
import { unknownRevisionMessage } from "./messages.ts";
import {
  type EffectiveTarget,
  findRevision,
  type RevisionHealth,
  type RevisionRecord,
  type ServiceRecord,
  type ServiceState,
} from "./service-records.ts";
import { referencedRevisions, resolveTraffic } from "./traffic.ts";

/** What came of carrying out a generation. */
export type Settlement =
  | Readonly<{ ok: true; latestReady: string; effective: readonly EffectiveTarget[] }>
  | Readonly<{ ok: false; code: number; message: string; isRouteAtFault: boolean }>;

/** The revisions that must have proved themselves before this write is done: the new one, and all that traffic leads to. */
export function awaitedRevisions(state: ServiceState, created: string | null): readonly RevisionRecord[] {
  const names = new Set([...(created === null ? [] : [created]), ...referencedRevisions(state)]);
  return state.revisions.filter(({ name }) => names.has(name));
}

/**
 * Whether the desired state can be served. An entry that leads to a revision that never became ready fails every later write
 * too, until it is taken out of the desired traffic.
 */
export function settle(state: ServiceState, created: string | null): Settlement {
  const unknown = referencedRevisions(state).find((name) => findRevision(state, name) === undefined);
  if (unknown !== undefined) {
    const message = unknownRevisionMessage(unknown);
    return { ok: false, code: status.INTERNAL, message, isRouteAtFault: true };
  }
  for (const { health } of awaitedRevisions(state, created))
    if (health.state === "failed")
      return { ok: false, code: health.code, message: health.message, isRouteAtFault: false };
  const { record } = state;
  const isCreatedReady = findRevision(state, record.latestCreated)?.health.state === "ready";
  const latestReady = isCreatedReady ? record.latestCreated : (record.latestReady ?? record.latestCreated);
  return { ok: true, latestReady, effective: resolveTraffic(state, latestReady) };
}

/** The record once a generation is carried out. After a failure what was observed and served before stays as it was. */
export function settledRecord(record: ServiceRecord, settlement: Settlement, at: number): ServiceRecord {
  if (!settlement.ok) return { ...record, reconciling: false, ...failedConditions({ at, ...settlement }) };
  return {
    ...record,
    reconciling: false,
    observedGeneration: record.generation,
    latestReady: settlement.latestReady,
    ...succeededConditions(at),
  };
}

/** The state with one revision's health replaced; unchanged when the revision is gone. */
export function withHealth(
  state: ServiceState,
  name: string,
  health: RevisionHealth,
  at: number,
): ServiceState {
  const revisions = state.revisions.map((revision) =>
    revision.name === name ? { ...revision, health, updatedAt: at } : revision,
  );
  return { ...state, revisions };
}
