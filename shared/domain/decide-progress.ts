import { quarantineFailure } from "./begin-release.ts";
import type { CommandOf } from "./commands.ts";
import { decideMinimumGivenUp } from "./decide-warmth.ts";
import { type Decision, events, nothing } from "./decision.ts";
import type { CheckResult, ServiceEvent } from "./events.ts";
import type { ReleaseId, Timestamp } from "./ids.ts";
import { firstStep, graceWithoutEvidenceMs, stepAt, wantedSplit } from "./release-plan.ts";
import { rollBackTo, rolledBack } from "./rollback-events.ts";
import type { ActiveRelease, Failure, Pair, ReleaseIn, ServiceState } from "./service-state.ts";
import { describeSplit, soleRevision } from "./traffic.ts";
import { isPaused, watchOf } from "./watch-slices.ts";
import type { WorkKind } from "./work.ts";

type Stamp = Readonly<{ at: Timestamp; releaseId: ReleaseId }>;

/** The active release, if it is this one and in one of these statuses. */
export function activeIn<S extends ActiveRelease["status"]>(
  state: ServiceState,
  id: ReleaseId,
  ...statuses: readonly S[]
): ReleaseIn<S> | null {
  const { active } = state;
  const isIn = (release: ActiveRelease): release is ReleaseIn<S> =>
    statuses.some((status) => status === release.status);
  return active?.id === id && isIn(active) ? active : null;
}

/** True for a release of this service that has ended, so that whatever it still brings forth is a leftover. */
export function isOver(state: ServiceState, id: ReleaseId): boolean {
  return state.active?.id !== id && !state.queue.some((waiting) => waiting.id === id);
}

function failed({ at, releaseId }: Stamp, failure: Failure): Decision {
  return events({ type: "release-failed", at, releaseId, failure });
}

export function decideBuildStarted(command: CommandOf<"note-build-started">, state: ServiceState): Decision {
  const { at, releaseId, buildId, logUrl } = command;
  if (isOver(state, releaseId))
    return events({ type: "leftovers-found", at, releaseId, build: true, candidate: false });
  const active = activeIn(state, releaseId, "building");
  const isAwaited = active?.build === null && active.lost !== buildId && active.prebuilt === undefined;
  return isAwaited ? events({ type: "build-started", at, releaseId, buildId, logUrl }) : nothing;
}

export function decideBuildWorking(command: CommandOf<"note-build-working">, state: ServiceState): Decision {
  const { at, releaseId, buildId } = command;
  const active = activeIn(state, releaseId, "building");
  if (active?.build?.id !== buildId) return nothing;
  if (at - active.build.startedAt <= active.plan.buildDeadlineMs)
    return events({ type: "build-polled", at, releaseId, buildId });
  const minutes = Math.round(active.plan.buildDeadlineMs / 60_000);
  return failed(command, {
    code: "build-timed-out",
    message: `The build did not end within ${minutes} minutes and is being cancelled.`,
  });
}

/** A build that ended counts even when its start was never reported: the event can be faster than our own write. */
export function decideBuildFinished(command: CommandOf<"finish-build">, state: ServiceState): Decision {
  const { at, releaseId, buildId, result } = command;
  const active = activeIn(state, releaseId, "building");
  if (!active || active.prebuilt !== undefined || active.lost === buildId) return nothing;
  if (active.build && active.build.id !== buildId) return nothing;
  if ("failure" in result) return events(failedBuild(command, active, result));
  const succeeded: ServiceEvent = { type: "build-succeeded", at, releaseId, buildId, image: result.image };
  const failure = quarantineFailure(state, result.image.digest);
  return failure === null
    ? events(succeeded)
    : events(succeeded, { type: "release-failed", at, releaseId, failure });
}

/** What the platform failed is built once more, and no more than that: it is never told as a failure of the commit. */
function failedBuild(
  { at, releaseId, buildId }: CommandOf<"finish-build">,
  { lost }: ReleaseIn<"building">,
  { failure, isTransient = false }: Readonly<{ failure: Failure; isTransient?: boolean }>,
): ServiceEvent {
  if (!isTransient) return { type: "release-failed", at, releaseId, failure };
  if (lost === undefined) return { type: "build-lost", at, releaseId, buildId, failure };
  const message = `${failure.message} It was built twice, and the platform failed both times.`;
  return { type: "release-failed", at, releaseId, failure: { ...failure, message } };
}

/** Begins the step with this number, or the bake after the last one. */
export function beginStep(
  release: ActiveRelease & Pair,
  step: number,
  at: Timestamp,
): readonly ServiceEvent[] {
  const next = stepAt(release.plan, step);
  if (next === null) return [{ type: "bake-began", at, releaseId: release.id }];
  return [{ type: "step-began", at, releaseId: release.id, step, percent: next.percent }];
}

export function decideGateFinished(command: CommandOf<"finish-gate">, state: ServiceState): Decision {
  const { at, releaseId, verdict, checks } = command;
  const active = activeIn(state, releaseId, "verifying");
  if (!active) return nothing;
  if (verdict !== "pass") {
    const names = checks
      .filter((check) => check.verdict !== "pass")
      .map(({ name, measured, limit }) => `${name}: ${measured} (${limit})`);
    const code = verdict === "fail" ? "gate-failed" : "gate-inconclusive";
    const message = `The candidate ${verdict === "fail" ? "did not pass" : "could not be judged by"} the gate: ${names.join("; ") || "no check was reached"}.`;
    return events(
      { type: "gate-failed", at, releaseId, checks },
      { type: "release-failed", at, releaseId, failure: { code, message } },
    );
  }
  const { coldStartMs = null } = command;
  const learnt = coldStartMs === null ? {} : { coldStartMs };
  const passed: ServiceEvent = { type: "gate-passed", at, releaseId, checks, ...learnt };
  const { approval } = active.plan;
  if (!approval.required) return events(passed, ...beginStep(active, firstStep(active), at));
  const { from, count, expiresMs } = approval;
  const { digest } = active.candidate.image;
  const { configHash } = active;
  return events(passed, {
    type: "approval-requested",
    at,
    releaseId,
    approvalId: command.approvalId,
    digest,
    configHash,
    from,
    count,
    expiresAt: at + expiresMs,
  });
}

export function decideMoveFinished(command: CommandOf<"finish-move">, state: ServiceState): Decision {
  const { at, releaseId, step, failure } = command;
  const active = activeIn(state, releaseId, "rolling-out");
  if (active?.step !== step || active.movedAt !== null) return nothing;
  if (failure) return events(rollBackTo({ release: active, target: active.stable, failure, at }));
  const percent = stepAt(active.plan, step)?.percent ?? 100;
  return events({ type: "traffic-moved", at, releaseId, step, percent });
}

function watchEnded(
  active: ReleaseIn<"rolling-out" | "baking">,
  { live }: ServiceState,
  at: Timestamp,
): readonly ServiceEvent[] {
  if (active.status === "rolling-out") return beginStep(active, active.step + 1, at);
  const { id, tag, candidate } = active;
  return [
    { type: "release-live", at, releaseId: id, revision: candidate.revision },
    ...(live ? [{ type: "release-replaced", at, releaseId: live.id, by: id, byTag: tag } as const] : []),
  ];
}

function takeBack(
  active: ReleaseIn<"rolling-out" | "baking">,
  failure: Failure,
  at: Timestamp,
): readonly ServiceEvent[] {
  if (active.plan.onFailure === "rollback")
    return [rollBackTo({ release: active, target: active.stable, failure, at })];
  return [{ type: "release-held", at, releaseId: active.id, failure, found: wantedSplit(active) ?? [] }];
}

/** Judges what a slice of watching brought. `inconclusive` never promotes: it watches on, and in the end takes back. */
export function decideSliceFinished(command: CommandOf<"finish-slice">, state: ServiceState): Decision {
  const { at, releaseId, verdict, checks } = command;
  const active = activeIn(state, releaseId, "rolling-out", "baking");
  if (!active) return nothing;
  const { step, since, holdMs } = watchOf(active);
  if (step !== command.step || active.slice !== command.slice || since === null) return nothing;
  const elapsedMs = at - since;
  if (verdict === "fail") {
    const failure: Failure = {
      code: "watch-failed",
      message: `The candidate went bad under traffic: ${failedIn(checks)}.`,
    };
    return events({ type: "watch-failed", at, releaseId, checks }, ...takeBack(active, failure, at));
  }
  if (verdict === "pass" && elapsedMs >= holdMs && !isPaused(active))
    return events(...watchEnded(active, state, at));
  if (verdict === "pass" || elapsedMs < holdMs + graceWithoutEvidenceMs)
    return events({ type: "watch-went-on", at, releaseId, slice: active.slice + 1, checks });
  const failure: Failure = {
    code: "watch-inconclusive",
    message: "Nothing could be measured for too long, and no evidence is never a pass.",
  };
  return events({ type: "watch-failed", at, releaseId, checks }, ...takeBack(active, failure, at));
}

function failedIn(checks: readonly CheckResult[]): string {
  const failed = checks.filter((check) => check.verdict === "fail");
  return failed.map(({ name, measured, limit }) => `${name}: ${measured} (${limit})`).join("; ");
}

/** A candidate that goes bad while people think about it is not released, whatever they decide afterwards. */
export function decideFailedWaiting(command: CommandOf<"fail-waiting">, state: ServiceState): Decision {
  const { at, releaseId, checks } = command;
  if (!activeIn(state, releaseId, "awaiting-approval")) return nothing;
  const message = `The candidate went bad while it waited for approval: ${failedIn(checks)}.`;
  return events(
    { type: "watch-failed", at, releaseId, checks },
    { type: "release-failed", at, releaseId, failure: { code: "watch-failed", message } },
  );
}

/** A person's hand on the traffic wins: to stable, it is a rollback; elsewhere, Gantry stops and waits. */
export function decideDrift(command: CommandOf<"report-drift">, state: ServiceState): Decision {
  const { at, releaseId, found } = command;
  const active = activeIn(state, releaseId, "rolling-out", "baking", "rolling-back");
  if (!active) return nothing;
  if (active.stable !== null && soleRevision(found) === active.stable) {
    const message = `Somebody moved all traffic back to ${active.stable} by hand.`;
    const failure: Failure =
      active.status === "rolling-back" ? active.failure : { code: "rolled-back-by-hand", message };
    return events(...rolledBack({ state, release: active, failure, restored: active.stable, at }));
  }
  const message = `Somebody moved the traffic by hand. It is left as it was found: ${describeSplit(found)}.`;
  return events({
    type: "release-held",
    at,
    releaseId,
    found,
    failure: { code: "traffic-moved-by-hand", message },
  });
}

export function decideRestored(command: CommandOf<"finish-restore">, state: ServiceState): Decision {
  const active = activeIn(state, command.releaseId, "rolling-back");
  if (!active) return nothing;
  return events(
    ...rolledBack({
      state,
      release: active,
      failure: active.failure,
      restored: active.target,
      at: command.at,
    }),
  );
}

export function decideTidied(command: CommandOf<"finish-tidy">, state: ServiceState): Decision {
  const { at, releaseId, found } = command;
  const isKnown = state.leftovers.some((left) => left.releaseId === releaseId && left.found === found);
  return isKnown ? events({ type: "leftovers-tidied", at, releaseId }) : nothing;
}

/** A write that was under way when its release ended can land after the tidying up: then there is more to tidy. */
export function decideLeftovers(command: CommandOf<"report-leftovers">, state: ServiceState): Decision {
  const { at, releaseId, build, candidate } = command;
  return isOver(state, releaseId)
    ? events({ type: "leftovers-found", at, releaseId, build, candidate })
    : nothing;
}

/** In which status each kind of work is owed, and so may be given up; restoring and tidying never are. */
const givenUpIn: Readonly<Record<WorkKind, ActiveRelease["status"] | null>> = {
  preflight: "building",
  "start-build": "building",
  "check-build": "building",
  "deploy-candidate": "deploying",
  "verify-candidate": "verifying",
  "expire-approval": null,
  "watch-waiting": null,
  "move-traffic": "rolling-out",
  watch: null,
  "restore-stable": null,
  "set-minimum": null,
  tidy: null,
  "check-drift": null,
};

/** Work that failed as often as it may: without traffic the release fails, with traffic it goes back. */
export function decideGiveUp(command: CommandOf<"give-up">, state: ServiceState): Decision {
  const { at, releaseId, work, failure } = command;
  if (work === "set-minimum") return decideMinimumGivenUp(command, state, failure);
  const active = activeIn(state, releaseId, "building", "deploying", "verifying", "rolling-out", "baking");
  if (!active) return nothing;
  const isWatching = active.status === "rolling-out" || active.status === "baking";
  if (work === "watch") return isWatching ? events(...takeBack(active, failure, at)) : nothing;
  if (givenUpIn[work] !== active.status) return nothing;
  if (isWatching) return events(rollBackTo({ release: active, target: active.stable, failure, at }));
  return failed(command, failure);
}
