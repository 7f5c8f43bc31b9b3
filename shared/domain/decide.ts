import type { CommandOf, CommandType } from "./commands.ts";
import {
  decideApprove,
  decideExpiry,
  decidePause,
  decidePromote,
  decideReject,
  decideResume,
} from "./decide-approval.ts";
import { decideDeployFinished } from "./decide-deploy.ts";
import { decideAccept, decideChanges, decidePreflight, decideSettings } from "./decide-drift.ts";
import { decideCancel, decideFree, decideRollBack } from "./decide-people.ts";
import {
  decideBuildFinished,
  decideBuildStarted,
  decideBuildWorking,
  decideDrift,
  decideFailedWaiting,
  decideGateFinished,
  decideGiveUp,
  decideLeftovers,
  decideMoveFinished,
  decideRestored,
  decideSliceFinished,
  decideTidied,
} from "./decide-progress.ts";
import { decideRequest } from "./decide-request.ts";
import { decideCoolDown, decideKeepWarm, decideMinimumSet, decideWarm } from "./decide-warmth.ts";
import { type Decision, events } from "./decision.ts";
import type { ServiceEvent } from "./events.ts";
import { evolveAll } from "./evolve.ts";
import type { ServiceState } from "./service-state.ts";

type Decider<T extends CommandType> = (command: CommandOf<T>, state: ServiceState) => Decision;

const deciders: { readonly [T in CommandType]: Decider<T> } = {
  "request-release": decideRequest,
  "finish-preflight": decidePreflight,
  "note-settings": decideSettings,
  "report-changes": decideChanges,
  "accept-changes": decideAccept,
  "note-build-started": decideBuildStarted,
  "note-build-working": decideBuildWorking,
  "finish-build": decideBuildFinished,
  "finish-deploy": decideDeployFinished,
  "finish-gate": decideGateFinished,
  approve: decideApprove,
  reject: decideReject,
  pause: decidePause,
  resume: decideResume,
  promote: decidePromote,
  "note-refusal": ({ at, releaseId, by, wanted, code }) =>
    events({ type: "decision-refused", at, releaseId, by, wanted, code }),
  "fail-waiting": decideFailedWaiting,
  "expire-approval": decideExpiry,
  "finish-move": decideMoveFinished,
  "finish-slice": decideSliceFinished,
  "report-drift": decideDrift,
  "finish-restore": decideRestored,
  "finish-tidy": decideTidied,
  "report-leftovers": decideLeftovers,
  "give-up": decideGiveUp,
  cancel: decideCancel,
  "roll-back": decideRollBack,
  "free-digest": decideFree,
  "keep-warm": decideKeepWarm,
  "finish-minimum": decideMinimumSet,
  warm: decideWarm,
  "cool-down": decideCoolDown,
};

/** Where nothing runs any more, nobody changed the service, and a release waits, it begins. */
function nextInLine(state: ServiceState, at: number): readonly ServiceEvent[] {
  const next = state.queue[0];
  return state.active === null && state.drift === undefined && next
    ? [{ type: "release-began", at, releaseId: next.id, release: next }]
    : [];
}

/**
 * What a command leads to, from the state alone: no I/O, clock or chance. A command that is late, repeated or about
 * something that is over leads to nothing.
 */
export function decide<T extends CommandType>(command: CommandOf<T>, state: ServiceState): Decision {
  const decider: Decider<T> = deciders[command.type];
  const decision = decider(command, state);
  if (!decision.ok || decision.events.length === 0) return decision;
  const after = evolveAll(state, decision.events);
  return { ok: true, events: [...decision.events, ...nextInLine(after, command.at)] };
}
