import type { ServiceEvent } from "../../shared/domain/events.ts";
import { type SchemaMark, schema } from "../../shared/domain/schema.ts";
import type { ServiceState } from "../../shared/domain/service-state.ts";
import type { Work } from "../../shared/domain/work.ts";
import { began, serviceState, work } from "./fixtures.ts";

/** What a version of Gantry wrote that does not exist yet: nothing of this tree knows its words. */
export const newerMark: SchemaMark = { writer: schema + 8, reader: schema + 8 };

/** The same of a version whose states this one may go on with. */
export const additiveMark: SchemaMark = { writer: schema + 8, reader: schema };

function unknown<T>(value: T, words: object): T {
  return Object.assign(JSON.parse(JSON.stringify(value)), words);
}

/** A release in a status that this version does not know. */
export function newerState(changes: Partial<ServiceState> = {}): ServiceState {
  const { active, ...rest } = serviceState();
  return {
    ...rest,
    active: active && unknown(active, { status: "shadowing" }),
    schema: newerMark,
    ...changes,
  };
}

export function newerEvent(): ServiceEvent {
  return unknown(began(), { type: "shadow-began", share: 3 });
}

export function newerWork(changes: Partial<Work> = {}): Work {
  return unknown(work({ of: "shadow", ...changes }), { kind: "mirror-traffic" });
}

/** A value with words that this version does not know. */
export function withUnknown<T extends object>(value: T, words: object): T {
  return unknown(value, words);
}
