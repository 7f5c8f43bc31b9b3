import type { Condition } from "./conditions.ts";
import type { RevisionTemplate, ServiceSpec } from "./resources.ts";

export type ServiceKey = Readonly<{ project: string; location: string; service: string }>;

/**
 * Where a revision stands. `pending`: its first instance has not answered the startup probe yet; `failed` is for good unless
 * `mayRecover` says that the next reconciliation starts it again.
 */
export type RevisionHealth =
  | Readonly<{ state: "pending" }>
  | Readonly<{ state: "ready"; containerReadyAt: number; healthyAt: number; provisionedAt: number }>
  | Readonly<{ state: "failed"; at: number; message: string; code: number; mayRecover: boolean }>;

/** A revision as the control plane keeps it. Times are milliseconds since the epoch. */
export type RevisionRecord = Readonly<{
  /** Short name, unique within the service for ever. */
  name: string;
  uid: string;
  template: RevisionTemplate;
  /** The generation of the service that created it. */
  generation: number;
  createdAt: number;
  updatedAt: number;
  health: RevisionHealth;
}>;

/** One entry of the traffic that is really served; `revision` is a short name and never empty. */
export type EffectiveTarget = Readonly<{ type: string; revision: string; percent: number; tag: string }>;

/** A service as the control plane keeps it. Times are milliseconds since the epoch. */
export type ServiceRecord = Readonly<{
  key: ServiceKey;
  uid: string;
  spec: ServiceSpec;
  generation: number;
  observedGeneration: number;
  /** Grows with each write, in microseconds since the epoch; the etag is made of it. */
  version: number;
  createdAt: number;
  updatedAt: number;
  reconciling: boolean;
  terminal: Condition;
  conditions: readonly Condition[];
  latestCreated: string;
  latestReady: string | null;
  effective: readonly EffectiveTarget[];
}>;

/** A service with its revisions, in the order of their creation. */
export type ServiceState = Readonly<{ record: ServiceRecord; revisions: readonly RevisionRecord[] }>;

/** The revision of this short name, or undefined. */
export function findRevision(state: ServiceState, name: string): RevisionRecord | undefined {
  return state.revisions.find((revision) => revision.name === name);
}
