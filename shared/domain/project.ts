import type { EventOf, EventType } from "./events.ts";
import type { ServiceKey } from "./ids.ts";
import { brokenAfterDeploy } from "./preflight.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { entryOf } from "./schema.ts";
import type { ReleaseBasics } from "./service-state.ts";
import { isEnd } from "./words.ts";

type Patch = Partial<ReleaseRecord>;
type Projector<T extends EventType> = (event: EventOf<T>, record: ReleaseRecord) => Patch;

function nothing(): Patch {
  return {};
}

const projectors: { readonly [T in EventType]: Projector<T> } = {
  "release-requested": () => ({ status: "queued" }),
  "release-queued": () => ({ status: "queued" }),
  "release-began": () => ({ status: "building" }),
  "release-superseded": ({ by, byTag, failure }) => ({
    status: "superseded",
    supersededBy: by,
    supersededByTag: byTag,
    failure,
  }),
  "build-started": ({ buildId, logUrl, at }) => ({ build: { id: buildId, logUrl, startedAt: at } }),
  "preflight-passed": ({ findings }) => ({ findings }),
  "preflight-warned": nothing,
  "preflight-failed": ({ findings }) => ({ findings }),
  "change-allowed": nothing,
  "guardrail-broken": ({ rows }, { findings = [] }) => ({ findings: [brokenAfterDeploy(rows), ...findings] }),
  "settings-left": nothing,
  "drift-found": nothing,
  "drift-gone": nothing,
  "drift-accepted": nothing,
  "build-polled": nothing,
  "build-lost": () => ({ build: null }),
  "image-given": () => ({ status: "deploying" }),
  "build-succeeded": () => ({ status: "deploying" }),
  "candidate-deployed": ({ candidate, stable }) => ({
    status: "verifying",
    candidate,
    stable,
    percent: stable === null ? 100 : 0,
  }),
  "gate-passed": ({ checks }) => ({ checks }),
  "gate-failed": ({ checks }) => ({ checks }),
  "approval-requested": ({ approvalId, expiresAt }) => ({
    status: "awaiting-approval",
    approval: { id: approvalId, expiresAt },
  }),
  "approval-given": ({ by }, { approvedBy }) => ({ approvedBy: [...approvedBy, by] }),
  "decision-refused": nothing,
  "rollout-paused": () => ({ paused: true }),
  "rollout-resumed": () => ({ paused: false }),
  "rollout-promoted": () => ({ paused: false }),
  "step-began": ({ percent }) => ({ status: "rolling-out", nextPercent: percent }),
  "traffic-moved": ({ percent }) => ({ percent }),
  "watch-went-on": ({ checks }) => ({ checks }),
  "watch-failed": ({ checks }) => ({ checks }),
  "bake-began": () => ({ status: "baking" }),
  "release-live": () => ({ status: "live" }),
  "release-replaced": ({ by, byTag }) => ({ percent: 0, supersededBy: by, supersededByTag: byTag }),
  "release-reinstated": () => ({ percent: 100, supersededBy: null, supersededByTag: null }),
  "rollback-began": ({ failure }) => ({ status: "rolling-back", failure }),
  "stable-restored": () => ({ percent: 0 }),
  "release-held": ({ failure, found }, { candidate }) => ({
    status: "held",
    failure,
    found,
    percent: found.find(({ revision }) => revision === candidate?.revision)?.percent ?? 0,
  }),
  "release-failed": ({ failure }) => ({ status: "failed", failure }),
  "release-rejected": ({ failure }) => ({ status: "rejected", failure }),
  "release-cancelled": ({ failure }) => ({ status: "cancelled", failure }),
  "release-rolled-back": ({ failure }) => ({ status: "rolled-back", failure }),
  "digest-quarantined": nothing,
  "digest-freed": nothing,
  "leftovers-found": nothing,
  "leftovers-tidied": nothing,
  "warmup-asked": nothing,
  "warmup-called-off": nothing,
  "warmup-due": nothing,
  "warmup-raised": nothing,
  "warmup-lowered": nothing,
  "warmup-left-alone": nothing,
  "warmup-backed-off": nothing,
  "warmup-pings-began": nothing,
};

/** The record of a release that was just asked for. */
export function newRecord(service: ServiceKey, release: ReleaseBasics): ReleaseRecord {
  const { requestedAt } = release;
  return {
    ...release,
    service,
    status: "queued",
    build: null,
    candidate: null,
    stable: null,
    percent: 0,
    nextPercent: null,
    paused: false,
    approval: null,
    checks: [],
    approvedBy: [],
    failure: null,
    supersededBy: null,
    supersededByTag: null,
    found: null,
    updatedAt: requestedAt,
    endedAt: null,
  };
}

/** Applies a fact to the record of the release that it is about; of one that a newer Gantry wrote, only its time. */
export function project<T extends EventType>(record: ReleaseRecord, event: EventOf<T>): ReleaseRecord {
  const projector: Projector<T> | null = entryOf(projectors, event.type);
  const patch = projector === null ? {} : projector(event, record);
  const next: ReleaseRecord = { ...record, ...(patch.status ? { approval: null } : {}), ...patch };
  if (patch.status === undefined) return { ...next, updatedAt: event.at };
  return { ...next, updatedAt: event.at, endedAt: isEnd(next.status) ? event.at : null };
}
