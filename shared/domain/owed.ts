import { isIncident } from "./decide-warmth.ts";
import type { ReleaseId, ServiceKey, Timestamp } from "./ids.ts";
import { nextPollAfterMs } from "./release-plan.ts";
import { entryOf } from "./schema.ts";
import type { ActiveRelease, Leftover, ReleaseIn, ServiceState } from "./service-state.ts";
import { warmthOf } from "./warm-state.ts";
import type { Stage, Work, WorkKind } from "./work.ts";

/** Which function does which work. */
export const stageOf: Readonly<Record<WorkKind, Stage>> = {
  preflight: "build",
  "start-build": "build",
  "check-build": "deploy",
  "deploy-candidate": "deploy",
  "verify-candidate": "verify",
  "expire-approval": "rollout",
  "watch-waiting": "rollout",
  "move-traffic": "rollout",
  watch: "rollout",
  "restore-stable": "rollback",
  tidy: "rollback",
  "check-drift": "sweep",
  "set-minimum": "warmup",
};

/** The function whose work this is; null = only a newer Gantry knows such work. */
export function stageFor(kind: WorkKind): Stage | null {
  return entryOf(stageOf, kind);
}

/**
 * Work that a function takes over from another stage when it comes up in its own invocation: a return to stable never
 * waits for a message.
 */
export const alsoDoes: Readonly<Record<Stage, readonly WorkKind[]>> = {
  build: [],
  deploy: ["tidy"],
  verify: ["tidy"],
  rollout: ["restore-stable", "tidy"],
  rollback: [],
  warmup: [],
  sweep: [],
};

/** Kinds that write the service in Cloud Run: one at a time per service. */
const writers: readonly WorkKind[] = [
  "deploy-candidate",
  "move-traffic",
  "restore-stable",
  "tidy",
  "set-minimum",
];

type Owed = Readonly<{ kind: WorkKind; discriminator: string; dueAt: Timestamp }>;

function workOf(release: ActiveRelease): readonly Owed[] {
  if (release.status !== "awaiting-approval") return [oneOf(release)].filter((work) => work !== null);
  const { approvalId, expiresAt } = release;
  return [
    { kind: "expire-approval", discriminator: approvalId, dueAt: expiresAt },
    { kind: "watch-waiting", discriminator: approvalId, dueAt: expiresAt - release.plan.approval.expiresMs },
  ];
}

/** A second build is other work than the first, and so is asking for it. */
function buildingWork({ build, lost, plan, requestedAt, checked }: ReleaseIn<"building">): Owed {
  if (build === null && checked !== true && lost === undefined)
    return { kind: "preflight", discriminator: "1", dueAt: requestedAt };
  const again = lost === undefined ? "" : "again-";
  if (build === null) {
    return { kind: "start-build", discriminator: lost === undefined ? "1" : "2", dueAt: requestedAt };
  }
  const { polls, startedAt } = build;
  const dueAt = startedAt + nextPollAfterMs(plan, polls);
  return { kind: "check-build", discriminator: `${again}${polls + 1}`, dueAt };
}

function oneOf(release: Exclude<ActiveRelease, { status: "awaiting-approval" }>): Owed | null {
  const at = release.requestedAt;
  switch (release.status) {
    case "building":
      return buildingWork(release);
    case "deploying":
      return { kind: "deploy-candidate", discriminator: "1", dueAt: at };
    case "verifying":
      return { kind: "verify-candidate", discriminator: "1", dueAt: at };
    case "rolling-out":
      if (release.movedAt === null)
        return { kind: "move-traffic", discriminator: `${release.step}`, dueAt: at };
      return { kind: "watch", discriminator: `${release.step}-${release.slice}`, dueAt: release.movedAt };
    case "baking":
      return { kind: "watch", discriminator: `bake-${release.slice}`, dueAt: release.since };
    case "rolling-back":
      return { kind: "restore-stable", discriminator: `${release.since}`, dueAt: release.since };
    case "held":
      return null;
  }
}

function toWork(service: ServiceKey, releaseId: ReleaseId, { kind, discriminator, dueAt }: Owed): Work {
  const lane = writers.includes(kind) ? "traffic" : null;
  return { id: `${releaseId}/${kind}/${discriminator}`, kind, service, releaseId, dueAt, lane };
}

function tidying({ build, candidate, found }: Leftover): Owed {
  const what = [build ? "build" : "", candidate ? "candidate" : ""].join("");
  return { kind: "tidy", discriminator: `${what}-${found}`, dueAt: 0 };
}

/** While nothing of Gantry's own is under way, the service is looked at: somebody else may have changed it. */
function looking({ key, active, left, leftovers }: ServiceState): readonly Work[] {
  const isBusy = active !== null || leftovers.some(({ candidate }) => candidate);
  if (isBusy || left === undefined || left.lookEveryMs === null) return [];
  const dueAt = left.isStale ? left.at : left.at + left.lookEveryMs;
  return [toWork(key, left.releaseId, { kind: "check-drift", discriminator: `${left.at}`, dueAt })];
}

/** A minimum that is to be written; in an incident nothing stands between the service and its way back. */
function warming(state: ServiceState): readonly Work[] {
  const { due } = warmthOf(state);
  if (due === null || isIncident(state)) return [];
  return [
    toWork(state.key, due.releaseId, {
      kind: "set-minimum",
      discriminator: `${due.at}-${due.to}`,
      dueAt: due.at,
    }),
  ];
}

/**
 * What Gantry owes the world in this state, and nothing else: the same state always owes the same work under the same
 * ids, so work that was started, lost or done twice is found again by asking the state.
 */
export function owed(state: ServiceState): readonly Work[] {
  const { key, active, leftovers } = state;
  return [
    ...(active ? workOf(active).map((work) => toWork(key, active.id, work)) : []),
    ...leftovers.map((leftover) => toWork(key, leftover.releaseId, tidying(leftover))),
    ...looking(state),
    ...warming(state),
  ];
}
