import type { Progress, ServiceState } from "./service-state.ts";
import type { Work, WorkKind } from "./work.ts";

/**
 * The schema of what this version writes: state, records, owed work, events. It rises by one with every change of their
 * shape; test/fixtures/histories holds what each one wrote, for ever.
 */
export const schema = 1;

/**
 * Who wrote a state, and who may go on with it: `writer` is the schema of the version that wrote it last, `reader` the
 * oldest schema whose versions may decide on it. A state without a mark was written by schema 1.
 */
export type SchemaMark = Readonly<{ writer: number; reader: number }>;

/** The schema since which a release can be in this status: an older version would not know what it owes. */
const statusSince: Readonly<Record<Progress["status"], number>> = {
  building: 1,
  deploying: 1,
  verifying: 1,
  "awaiting-approval": 1,
  "rolling-out": 1,
  baking: 1,
  "rolling-back": 1,
  held: 1,
};

/** The schema since which there is such work: an older version would drop it with its next decision. */
const workSince: Readonly<Record<WorkKind, number>> = {
  preflight: 1,
  "start-build": 1,
  "check-build": 1,
  "deploy-candidate": 1,
  "verify-candidate": 1,
  "expire-approval": 1,
  "watch-waiting": 1,
  "move-traffic": 1,
  watch: 1,
  "restore-stable": 1,
  tidy: 1,
  "check-drift": 1,
  "set-minimum": 1,
};

type Marked = Readonly<{ state: ServiceState; owed: readonly Pick<Work, "kind">[] }>;

/**
 * The state as it is to be stored. What a newer version wrote keeps its mark, also when this version decides on it: its
 * fields are there still. A mark falls again with the release, or the work, that asked for it.
 */
export function withMark({ state, owed }: Marked): ServiceState {
  if (markOf(state).writer > schema) return state;
  const { active } = state;
  const since = [1, ...(active === null ? [] : [statusSince[active.status]])];
  const reader = Math.max(...since, ...owed.map(({ kind }) => workSince[kind]));
  return { ...state, schema: { writer: schema, reader } };
}

/** The mark that a stored state bears. */
export function markOf(state: Pick<ServiceState, "schema">): SchemaMark {
  return state.schema ?? { writer: 1, reader: 1 };
}

/** The state as a version knows it that may go on with it; its own mark is put on anew when it is stored. */
export function withoutOwnMark(state: ServiceState): ServiceState {
  const { schema: mark, ...rest } = state;
  return mark === undefined || mark.writer > schema ? state : rest;
}

/** Whether this version may decide on the state, do what it owes, and write it. */
export function isReadable(state: Pick<ServiceState, "schema">): boolean {
  return markOf(state).reader <= schema;
}

/** What a table says of a key that a newer Gantry may have written; null = this version does not know the key. */
export function entryOf<T extends object, K extends keyof T>(table: T, key: K): T[K] | null {
  return Object.hasOwn(table, key) ? table[key] : null;
}
