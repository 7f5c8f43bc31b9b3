import type { Timestamp } from "../domain/ids.ts";
import { alsoDoes, owed, stageOf } from "../domain/owed.ts";
import type { ServiceState } from "../domain/service-state.ts";
import type { Stage, WorkKind } from "../domain/work.ts";
import type { Deps } from "./deps.ts";
import { handOff } from "./messages.ts";
import { inTrace } from "./tell-recorded.ts";

/** A return to stable waits for no message, however late it is. */
const neverHandedOver: readonly WorkKind[] = ["restore-stable"];

/** What one call of a function may do. */
export type Invocation = Readonly<{
  endsAt: Timestamp; // infinite where it has no time limit
  hasTime: () => boolean;
  isMine: (kind: WorkKind) => boolean;
  /** Its own work as long as it has time, and then only what may not wait. */
  mayTakeUp: (kind: WorkKind) => boolean;
}>;

/** Tells whether an invocation of this stage goes on with such work itself. */
export function goesOnWith(stage: Stage): (kind: WorkKind) => boolean {
  return (kind) => stageOf[kind] === stage || alsoDoes[stage].includes(kind);
}

/** Begins now, and has time for as long as `invocationMs` of the settings says. */
export function beginInvocation({ clock, settings }: Deps, stage: Stage): Invocation {
  const { invocationMs } = settings;
  const endsAt = invocationMs === null ? Number.POSITIVE_INFINITY : clock.now() + invocationMs;
  const isMine = goesOnWith(stage);
  const hasTime = (): boolean => clock.now() < endsAt;
  return {
    endsAt,
    hasTime,
    isMine,
    mayTakeUp: (kind) => isMine(kind) && (hasTime() || neverHandedOver.includes(kind)),
  };
}

/** Hands off what is due and this invocation has no time for, so that another one goes on at once. */
export async function handOver(deps: Deps, invocation: Invocation, state: ServiceState): Promise<void> {
  const now = deps.clock.now();
  const left = owed(state).filter(({ kind, dueAt }) => invocation.isMine(kind) && dueAt <= now);
  if (left.length === 0) return;
  const occasion = `${deps.settings.owner}-${now}`;
  await deps.bus.publish(left.map((work) => inTrace(deps, handOff(work, occasion), work.releaseId)));
}
