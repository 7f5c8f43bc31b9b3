import { aboutToWrite, driftEvolvers, nowServing } from "./drift.ts";
import type { EventOf, EventType, ServiceEvent } from "./events.ts";
import type { BuildId, ReleaseId, RevisionName, Timestamp } from "./ids.ts";
import { basicsOf, pairOf } from "./release-basics.ts";
import { percentOfStep } from "./release-plan.ts";
import type {
  ActiveRelease,
  Approved,
  Leftover,
  LiveRelease,
  Pair,
  Progress,
  ServiceState,
} from "./service-state.ts";
import { soleRevision } from "./traffic.ts";
import { warmthEvolvers } from "./warm-state.ts";

const keptSeen = 100;
const keptQuarantine = 100;
const keptPast = 10;

type Evolver<T extends EventType> = (state: ServiceState, event: EventOf<T>) => ServiceState;

function unchanged(state: ServiceState): ServiceState {
  return state;
}

function advance(
  state: ServiceState,
  id: ReleaseId,
  next: (active: ActiveRelease) => Progress | null,
): ServiceState {
  if (state.active?.id !== id) return state;
  const progress = next(state.active);
  return progress === null ? state : { ...state, active: { ...basicsOf(state.active), ...progress } };
}

/** Stays known as long as the release is being built. */
function lostBuildOf(active: ActiveRelease): Readonly<{ lost?: BuildId }> {
  return active.status === "building" && active.lost !== undefined ? { lost: active.lost } : {};
}

function withPair(active: ActiveRelease, next: (pair: Pair) => Progress): Progress | null {
  const pair = pairOf(active);
  return pair === null ? null : next(pair);
}

function addLeftover(state: ServiceState, leftover: Omit<Leftover, "found">): ServiceState {
  if (!leftover.build && !leftover.candidate) return state;
  const known = state.leftovers.find(({ releaseId }) => releaseId === leftover.releaseId);
  const merged = {
    ...known,
    ...leftover,
    build: leftover.build || known?.build === true,
    candidate: leftover.candidate || known?.candidate === true,
    found: (known?.found ?? 0) + 1,
  };
  const others = state.leftovers.filter(({ releaseId }) => releaseId !== leftover.releaseId);
  return { ...state, leftovers: [...others, merged] };
}

/** Ends a release that waits or runs, and remembers what of it may still stand in the cloud. */
function end(state: ServiceState, id: ReleaseId): ServiceState {
  const { active } = state;
  if (active?.id !== id) return { ...state, queue: state.queue.filter((waiting) => waiting.id !== id) };
  const leftover = {
    releaseId: id,
    build: active.status === "building" && active.prebuilt === undefined,
    candidate: active.status !== "building",
    ended: active.status === "held" ? "live" : "failed",
  } as const;
  return addLeftover(withoutFirst({ ...state, active: null }, active), leftover);
}

/** A service that its first release made goes with it. */
function withoutFirst(state: ServiceState, ended: ActiveRelease): ServiceState {
  return pairOf(ended)?.stable === null ? nowServing(state, null, 0) : state;
}

/** The release behind the revision that has all traffic now, as far as Gantry released it. */
export function liveAt(state: ServiceState, revision: RevisionName | null): LiveRelease | null {
  const known = state.live === null ? state.past : [...state.past, state.live];
  return known.find(({ candidate }) => candidate.revision === revision) ?? null;
}

function wasLive(state: ServiceState, id: ReleaseId): boolean {
  return state.live?.id === id || state.past.some((release) => release.id === id);
}

function pausedOrNot(state: ServiceState, id: ReleaseId, paused: boolean): ServiceState {
  return advance(state, id, (active) => (active.status === "rolling-out" ? { ...active, paused } : null));
}

function beginStep(state: ServiceState, { releaseId, step, at }: EventOf<"step-began">): ServiceState {
  return advance(state, releaseId, (active) =>
    withPair(active, (pair) => {
      const approved = active.status === "rolling-out" ? active.approved : approvalOf(active, at);
      const fromPercent = confirmedPercent(active);
      return {
        status: "rolling-out",
        step,
        fromPercent,
        movedAt: null,
        slice: 0,
        paused: false,
        approved,
        ...pair,
      };
    }),
  );
}

/** The candidate's share as far as it is known: a step that is still on its way may not have come to pass. */
function confirmedPercent(active: ActiveRelease): number {
  if (active.status !== "rolling-out") return 0;
  return active.movedAt === null ? active.fromPercent : percentOfStep(active);
}

function approvalOf(active: ActiveRelease, at: Timestamp): Approved | null {
  return active.status === "awaiting-approval" ? { approvalId: active.approvalId, at } : null;
}

function goLive(state: ServiceState, event: EventOf<"release-live">): ServiceState {
  const { active } = state;
  if (active?.id !== event.releaseId || active.status !== "baking") return state;
  const { candidate, stable } = active;
  const live: LiveRelease = { ...basicsOf(active), candidate, stable, since: event.at };
  const past = state.live === null ? state.past : [...state.past, state.live].slice(-keptPast);
  const leftover = { releaseId: active.id, build: false, candidate: true, ended: "live" } as const;
  const after = nowServing({ ...state, active: null, live, past }, candidate.revision, event.at);
  return addLeftover(after, leftover);
}

function cancelled(state: ServiceState, event: EventOf<"release-cancelled">): ServiceState {
  const { active } = state;
  if (active?.id !== event.releaseId || active.status !== "held") return end(state, event.releaseId);
  const serving = soleRevision(active.found);
  const after = { ...end(state, event.releaseId), live: liveAt(state, serving) };
  return after.left === undefined ? after : { ...after, left: { ...after.left, serving, at: event.at } };
}

function beginRollback(state: ServiceState, event: EventOf<"rollback-began">): ServiceState {
  const { failure, by, candidate, target } = event;
  const stable = (state.active && pairOf(state.active)?.stable) ?? target;
  const progress: Progress = {
    status: "rolling-back",
    failure,
    by,
    candidate,
    stable,
    target,
    since: event.at,
  };
  return { ...state, active: { ...basicsOf(event.release), ...progress } };
}

const evolvers: { readonly [T in EventType]: Evolver<T> } = {
  "release-requested": (state, { release }) => ({
    ...state,
    seen: [...state.seen, { tag: release.tag, commit: release.commit, releaseId: release.id }].slice(
      -keptSeen,
    ),
  }),
  "release-queued": (state, { release }) => ({ ...state, queue: [...state.queue, release] }),
  "release-began": (state, { release }) => ({
    ...state,
    active: { ...release, status: "building", build: null },
    queue: state.queue.filter(({ id }) => id !== release.id),
  }),
  "release-superseded": (state, { releaseId }) => end(state, releaseId),
  "build-started": (state, { releaseId, buildId, logUrl, at }) =>
    advance(state, releaseId, (active) => ({
      status: "building",
      build: { id: buildId, logUrl, startedAt: at, polls: 0 },
      ...lostBuildOf(active),
    })),
  "build-polled": (state, { releaseId }) =>
    advance(state, releaseId, (active) =>
      active.status === "building" && active.build
        ? {
            status: "building",
            build: { ...active.build, polls: active.build.polls + 1 },
            ...lostBuildOf(active),
          }
        : null,
    ),
  "build-lost": (state, { releaseId, buildId }) =>
    advance(state, releaseId, (active) =>
      active.status === "building" ? { ...active, build: null, lost: buildId } : null,
    ),
  "image-given": (state, { releaseId, image }) =>
    aboutToWrite(advance(state, releaseId, () => ({ status: "deploying", image }))),
  "build-succeeded": (state, { releaseId, image }) =>
    aboutToWrite(advance(state, releaseId, () => ({ status: "deploying", image }))),
  "candidate-deployed": (state, { releaseId, candidate, stable }) =>
    advance(state, releaseId, () => ({ status: "verifying", candidate, stable })),
  "gate-passed": unchanged,
  "gate-failed": unchanged,
  "approval-requested": (state, { releaseId, approvalId, expiresAt }) =>
    advance(state, releaseId, (active) =>
      withPair(active, (pair) => ({
        status: "awaiting-approval",
        approvalId,
        approvedBy: [],
        expiresAt,
        ...pair,
      })),
    ),
  "approval-given": (state, { releaseId, by }) =>
    advance(state, releaseId, (active) =>
      active.status === "awaiting-approval" ? { ...active, approvedBy: [...active.approvedBy, by] } : null,
    ),
  "decision-refused": unchanged,
  "rollout-paused": (state, { releaseId }) => pausedOrNot(state, releaseId, true),
  "rollout-resumed": (state, { releaseId }) => pausedOrNot(state, releaseId, false),
  "rollout-promoted": (state, { releaseId }) => pausedOrNot(state, releaseId, false),
  "step-began": beginStep,
  "traffic-moved": (state, { releaseId, at }) =>
    advance(state, releaseId, (active) =>
      active.status === "rolling-out" ? { ...active, movedAt: at } : null,
    ),
  "watch-went-on": (state, { releaseId, slice }) =>
    advance(state, releaseId, (active) =>
      active.status === "rolling-out" || active.status === "baking" ? { ...active, slice } : null,
    ),
  "watch-failed": unchanged,
  "bake-began": (state, { releaseId, at }) =>
    advance(state, releaseId, (active) =>
      withPair(active, (pair) => ({ status: "baking", since: at, slice: 0, ...pair })),
    ),
  "release-live": goLive,
  "release-replaced": unchanged,
  "release-reinstated": unchanged,
  "rollback-began": beginRollback,
  "stable-restored": (state, { target, at }) =>
    nowServing({ ...state, live: liveAt(state, target) }, target, at),
  "release-held": (state, { releaseId, failure, found, at }) =>
    advance(state, releaseId, (active) =>
      withPair(active, (pair) => ({ status: "held", failure, found, since: at, ...pair })),
    ),
  "release-failed": (state, { releaseId }) => end(state, releaseId),
  "release-rejected": (state, { releaseId }) => end(state, releaseId),
  "release-cancelled": cancelled,
  "release-rolled-back": (state, { releaseId }) => end(state, releaseId),
  "digest-quarantined": (state, { digest, tag, releaseId, at, why }) => {
    const others = state.quarantine.filter((entry) => entry.digest !== digest);
    return { ...state, quarantine: [...others, { digest, releaseId, tag, at, why }].slice(-keptQuarantine) };
  },
  "digest-freed": (state, { digest }) => ({
    ...state,
    quarantine: state.quarantine.filter((entry) => entry.digest !== digest),
  }),
  "leftovers-found": (state, { releaseId, build, candidate }) =>
    addLeftover(state, { releaseId, build, candidate, ended: wasLive(state, releaseId) ? "live" : "failed" }),
  "leftovers-tidied": (state, { releaseId }) => ({
    ...state,
    leftovers: state.leftovers.filter((leftover) => leftover.releaseId !== releaseId),
  }),
  ...warmthEvolvers,
  ...driftEvolvers,
  "preflight-passed": (state, { releaseId }) =>
    advance(state, releaseId, (active) =>
      active.status === "building" ? { ...active, checked: true } : null,
    ),
  "preflight-warned": unchanged,
  "preflight-failed": unchanged,
  "change-allowed": unchanged,
  "guardrail-broken": unchanged,
};

/**
 * Applies a recorded fact. Refusing a command is `decide`'s job, not this one's. A new event type fails to compile
 * until the table above handles it.
 */
export function evolve<T extends EventType>(state: ServiceState, event: EventOf<T>): ServiceState {
  const apply: Evolver<T> = evolvers[event.type];
  return apply(state, event);
}

/** Applies facts in order. */
export function evolveAll(state: ServiceState, events: readonly ServiceEvent[]): ServiceState {
  return events.reduce<ServiceState>((before, event) => evolve(before, event), state);
}
