import type { Command } from "../domain/commands.ts";
import type { ReleaseId, ServiceKey, Timestamp } from "../domain/ids.ts";
import { owed } from "../domain/owed.ts";
import type { FailureCode, ServiceState } from "../domain/service-state.ts";
import type { Stage, WorkKind } from "../domain/work.ts";
import { AppError, isTransient } from "../ports/app-error.ts";
import type { OwedWork, Versioned } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { type Begun, execute } from "./execute.ts";
import { beginInvocation, handOver, type Invocation } from "./invocation.ts";
import { performers } from "./perform.ts";
import { askedWaitMs } from "./wait-out.ts";
import { asStep, type WorkStep } from "./work-step.ts";

/** Pieces of work that one invocation does at most, so that it ends even if a state should never settle. */
const maxPieces = 500;

/** Work that is never given up: it is tried again, at most `retryMaxMs` apart, until it is done. */
const neverGivenUp: readonly WorkKind[] = [
  "restore-stable",
  "tidy",
  "expire-approval",
  "watch-waiting",
  "check-drift",
];

/** How often work is begun whose end nobody tells. Restarts of Gantry count too, so it is more than a day of them brings. */
const mostBegun = 20;

/**
 * For so long since the last that is told of a release its work waits where an error says when to ask again: GitHub's rate limit opens
 * within an hour (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
 */
const askedWaitsMs = 90 * 60_000;

/** What a release failed with when its work could not be done. */
const failureCodes: Readonly<Record<WorkKind, FailureCode>> = {
  preflight: "preflight-stopped",
  "start-build": "build-not-started",
  "check-build": "build-failed",
  "deploy-candidate": "deploy-unfinished",
  "verify-candidate": "gate-inconclusive",
  "expire-approval": "approval-expired",
  "move-traffic": "traffic-write-failed",
  watch: "watch-inconclusive",
  "watch-waiting": "watch-inconclusive",
  "restore-stable": "traffic-write-failed",
  tidy: "traffic-write-failed",
  "check-drift": "traffic-write-failed", // no release fails by it
  "set-minimum": "traffic-write-failed", // no release fails by it
};

/**
 * Does what the service owes and is this stage's, one piece after the other, until nothing is left that is due. Work
 * that somebody else has claimed is left to them. Safe to call at any time, any number of times. `begun`: what the caller's
 * own commit just left, which spares a look at the store.
 */
export async function workOn(
  deps: Deps,
  stage: Stage,
  service: ServiceKey,
  begun: Begun | null = null,
): Promise<void> {
  const invocation = beginInvocation(deps, stage);
  let next = begun;
  for (let piece = 0; piece < maxPieces; piece++) {
    const read = next?.after ?? (await deps.store.load(service));
    const work = next === null ? await claimNext(deps, read.state, invocation) : next.claimed;
    if (work === null) return;
    const { state } = read;
    next = await asStep(deps, { work, state }, (step) => doClaimed({ deps, work, read, invocation, step }));
  }
}

async function claimNext(deps: Deps, state: ServiceState, invocation: Invocation): Promise<OwedWork | null> {
  const { owner, leaseMs } = deps.settings;
  for (const work of owed(state)) {
    const now = deps.clock.now();
    if (!invocation.mayTakeUp(work.kind) || work.dueAt > now) continue;
    const claimed = await deps.store.claimWork({ id: work.id, owner, now, leaseMs });
    if (claimed) return claimed;
  }
  if (!invocation.hasTime()) await handOver(deps, invocation, state);
  return null;
}

type Claimed = Readonly<{
  deps: Deps;
  work: OwedWork;
  read: Versioned; // the state that owes it
  invocation: Invocation;
  step: WorkStep;
}>;

/** Work whose process ends each time, for lack of memory or time, must not be begun for ever: every release ends. */
function stopVainTries({ id, kind, attempt }: OwedWork): void {
  if (attempt <= mostBegun || neverGivenUp.includes(kind)) return;
  throw new AppError({
    code: "work-never-ended",
    message: `${kind} was begun ${mostBegun} times, and each time the process that did it ended before it could tell what came of it.`,
    transient: false,
    context: { work: id, attempt },
  });
}

/** Answers what its own commit left, where there was one and it is known; null = the store is to be looked at. */
async function doClaimed(claimed: Claimed): Promise<Begun | null> {
  const { deps, work, read, invocation } = claimed;
  const { state } = read;
  const controller = deps.running.begin(work);
  const ended = new AbortController();
  void keepClaim(deps, work, { lost: controller, ended: ended.signal });
  try {
    stopVainTries(work);
    const job = { deps, work, state, signal: controller.signal, until: invocation.endsAt };
    const outcome = await performers[work.kind](job);
    const isAgain = outcome !== null && "againMs" in outcome;
    const settled = outcome === null || isAgain ? null : await settle(claimed, outcome);
    if (settled?.isOver) return settled.begun;
    await giveBack(deps, work, isAgain ? outcome.againMs : deps.settings.retryMinMs, null);
    return settled?.begun?.claimed ? settled.begun : null;
  } catch (error) {
    claimed.step.fail(error instanceof Error ? error.message : String(error));
    await reportLeftovers(claimed);
    if (controller.signal.aborted) await giveBack(deps, work, deps.settings.retryMinMs, null);
    else await retryOrGiveUp(claimed, error);
    return null;
  } finally {
    ended.abort("ended");
    deps.running.end(controller);
  }
}

type Settled = Readonly<{ isOver: boolean; begun: Begun | null }>;

/** Decides what came of the work. Over = it is no longer owed, so its claim went with it and there is none to give back. */
async function settle({ deps, work, read, invocation }: Claimed, command: Command): Promise<Settled> {
  const { service, id } = work;
  const executed = await execute(deps, {
    service,
    command,
    cause: null,
    config: null,
    goesOnWith: invocation.mayTakeUp,
    known: read,
    goesOnAtOnce: true,
  });
  if (!executed.ok) return { isOver: false, begun: null };
  return {
    isOver: !owed(executed.state).some((still) => still.id === id),
    begun: executed.begun ?? null,
  };
}

type Ends = Readonly<{ lost: AbortController; ended: AbortSignal }>;

/**
 * Renews the claim at every third of its lease. One that cannot be renewed is lost, also where the store has not answered
 * a tenth of the lease before its end, and this run stops: whoever has the claim next does the work. One that ran out is
 * lost without asking: a process that stood still for longer must not write another word before it knows.
 */
async function keepClaim(deps: Deps, work: OwedWork, { lost, ended }: Ends): Promise<void> {
  const { clock, settings } = deps;
  const { leaseMs } = settings;
  const keptMs = leaseMs - Math.ceil(leaseMs / 10);
  let askedAt = (work.leaseUntil ?? clock.now() + leaseMs) - leaseMs;
  let keptUntil = askedAt + keptMs;
  while (clock.now() < keptUntil) {
    const beatAt = Math.min(askedAt + Math.ceil(leaseMs / 3), keptUntil);
    await clock.sleep({ ms: beatAt - clock.now(), signal: ended });
    if (ended.aborted) return;
    askedAt = clock.now();
    const renewed = await renewedBy(keptUntil, { deps, work, ended });
    if (ended.aborted) return;
    if (renewed === false) break;
    if (renewed) keptUntil = askedAt + keptMs;
  }
  lost.abort();
}

/** False = the claim is lost, or the time came before the answer. Null = the store could not be asked; the lease stands. */
async function renewedBy(
  time: Timestamp,
  { deps, work, ended }: Readonly<{ deps: Deps; work: OwedWork; ended: AbortSignal }>,
): Promise<boolean | null> {
  const { clock } = deps;
  const now = clock.now();
  if (now >= time) return false;
  const answered = new AbortController();
  const signal = AbortSignal.any([ended, answered.signal]);
  const late = clock.sleep({ ms: time - now, signal }).then(() => false);
  const renewed = await Promise.race([renew(deps, work, now), late]);
  answered.abort();
  return renewed;
}

async function renew(deps: Deps, { id, attempt }: OwedWork, now: number): Promise<boolean | null> {
  const { owner, leaseMs } = deps.settings;
  try {
    return await deps.store.renewClaim({ id, owner, attempt, now, leaseMs });
  } catch (error) {
    deps.log.warn({ work: id, err: String(error) }, "Could not renew a claim; trying again at the next beat");
    return null;
  }
}

/** What work may have left in the cloud when it was called off in the middle, or failed after its write. */
const mayLeave: Partial<Record<WorkKind, Readonly<{ build: boolean; candidate: boolean }>>> = {
  "start-build": { build: true, candidate: false },
  "deploy-candidate": { build: false, candidate: true },
};

/** A release that ended meanwhile was tidied up too early to see it, so it is tidied up again. */
async function reportLeftovers({ deps, work, invocation }: Claimed): Promise<void> {
  const left = mayLeave[work.kind];
  if (left === undefined) return;
  const { service, releaseId } = work;
  const command: Command = { type: "report-leftovers", at: deps.clock.now(), releaseId, ...left };
  const goesOnWith = invocation.mayTakeUp;
  await execute(deps, { service, command, cause: null, config: null, goesOnWith });
}

/**
 * Work that is no longer owed is gone already; work that is owed still may be taken up again after this time. Whoever
 * looks for due work has to look again: as far as they know, the claim stands until its lease ends.
 */
async function giveBack(
  deps: Deps,
  { id, attempt }: OwedWork,
  afterMs: number,
  error: string | null,
): Promise<void> {
  const dueAt = deps.clock.now() + afterMs;
  await deps.store.releaseClaim({ id, owner: deps.settings.owner, attempt, dueAt, error });
  deps.onCommit();
}

async function retryOrGiveUp({ deps, work, invocation }: Claimed, error: unknown): Promise<void> {
  const { retryMinMs, retryMaxMs } = deps.settings;
  const message = error instanceof Error ? error.message : String(error);
  const fields = {
    work: work.id,
    kind: work.kind,
    releaseId: work.releaseId,
    attempt: work.attempt,
    err: message,
  };
  const pauseMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(work.attempt - 1, 20));
  const backoffMs = neverGivenUp.includes(work.kind)
    ? pauseMs
    : await waitBefore(deps, work, { error, pauseMs });
  if (backoffMs !== null) {
    deps.log.warn({ ...fields, backoffMs }, "Work failed and is tried again");
    await giveBack(deps, work, backoffMs, message);
    return;
  }
  deps.log.error(fields, "Work failed and is given up");
  const command = giveUp(work, message, deps.clock.now());
  const goesOnWith = invocation.mayTakeUp;
  await execute(deps, { service: work.service, command, cause: null, config: null, goesOnWith });
}

/**
 * How long until the next try; null = there is none. What an error asks for beyond the usual pause is waited for whatever the
 * attempt, as long as it ends in time and the work is not begun too often.
 */
async function waitBefore(
  { store, clock, settings }: Deps,
  { releaseId, attempt }: OwedWork,
  { error, pauseMs }: Readonly<{ error: unknown; pauseMs: number }>,
): Promise<number | null> {
  if (!isTransient(error)) return null;
  const askedMs = askedWaitMs(error);
  if (askedMs <= pauseMs) return attempt < settings.maxAttempts ? pauseMs : null;
  if (attempt >= mostBegun) return null;
  const record = await store.release(releaseId);
  const endsAt = (record?.updatedAt ?? 0) + askedWaitsMs;
  return clock.now() + askedMs < endsAt ? askedMs : null;
}

function giveUp(work: { kind: WorkKind; releaseId: ReleaseId }, message: string, at: number): Command {
  const failure = { code: failureCodes[work.kind], message };
  return { type: "give-up", at, releaseId: work.releaseId, work: work.kind, failure };
}
