import type { RefusalCode } from "./commands.ts";
import type { DriftEventMap } from "./drift.ts";
import type { PreflightEventMap } from "./finding.ts";
import type { BuildId, ImageDigest, ReleaseId, RevisionName, TagName, Timestamp } from "./ids.ts";
import type { Actor, Candidate, Failure, Image, ReleaseBasics } from "./service-state.ts";
import type { Split } from "./traffic.ts";
import type { WarmthEventMap } from "./warm-state.ts";

/** One check and how it ended, with what was measured against what was asked. */
export type CheckResult = Readonly<{
  name: string;
  verdict: Verdict;
  measured: string;
  limit: string;
  /** What a person should look at though it passed; absent = nothing. */
  warning?: string;
}>;

/** No evidence is never a pass: `inconclusive` holds and never promotes. */
export type Verdict = "pass" | "fail" | "inconclusive";

/** Everything that can happen to a service, by name, with what is known of it. */
export interface EventMap extends WarmthEventMap, DriftEventMap, PreflightEventMap {
  "release-requested": { release: ReleaseBasics };
  "release-queued": { release: ReleaseBasics; behind: ReleaseId; behindTag: TagName };
  "release-began": { release: ReleaseBasics };
  "release-superseded": { by: ReleaseId; byTag: TagName; failure: Failure };
  "build-started": { buildId: BuildId; logUrl: string };
  "build-polled": { buildId: BuildId };
  /** The platform failed, not the commit: it is built once more. */
  "build-lost": { buildId: BuildId; failure: Failure };
  "build-succeeded": { buildId: BuildId; image: Image };
  /** Nothing is built: the request named an image that was built elsewhere. */
  "image-given": { image: Image; reference: string; by: Actor };
  "candidate-deployed": { candidate: Candidate; stable: RevisionName | null };
  /** `coldStartMs`: of the candidate's first instance, where it was measured. */
  "gate-passed": { checks: readonly CheckResult[]; coldStartMs?: number };
  "gate-failed": { checks: readonly CheckResult[] };
  "approval-requested": {
    approvalId: string; // bound to this release, image and plan; of one use
    digest: ImageDigest;
    configHash: string;
    from: readonly string[];
    count: number;
    expiresAt: Timestamp;
  };
  "approval-given": { by: Actor };
  "decision-refused": { by: Actor; wanted: DecisionKind; code: RefusalCode };
  "rollout-paused": { by: Actor };
  "rollout-resumed": { by: Actor };
  "rollout-promoted": { by: Actor };
  "step-began": { step: number; percent: number };
  "traffic-moved": { step: number; percent: number };
  "watch-went-on": { slice: number; checks: readonly CheckResult[] };
  "watch-failed": { checks: readonly CheckResult[] };
  "bake-began": Record<never, never>;
  "release-live": { revision: RevisionName };
  "release-replaced": { by: ReleaseId; byTag: TagName };
  "release-reinstated": Record<never, never>;
  "rollback-began": {
    failure: Failure;
    by: Actor;
    candidate: Candidate;
    target: RevisionName | null;
    release: ReleaseBasics;
  };
  "stable-restored": { target: RevisionName | null };
  "release-held": { failure: Failure; found: Split };
  "release-failed": { failure: Failure };
  "release-rejected": { failure: Failure; by: Actor };
  "release-cancelled": { failure: Failure; by: Actor };
  "release-rolled-back": { failure: Failure };
  "digest-quarantined": { digest: ImageDigest; tag: TagName; why: string };
  "digest-freed": { digest: ImageDigest; by: Actor };
  "leftovers-found": { build: boolean; candidate: boolean };
  "leftovers-tidied": Record<never, never>;
}

/** What a person can decide about a release. */
export type DecisionKind =
  | "approve"
  | "reject"
  | "pause"
  | "resume"
  | "promote"
  | "cancel"
  | "roll-back"
  | "accept-changes"
  | "free-digest";

export type EventType = keyof EventMap;

/** An event of one type; without an argument, any event. */
export type EventOf<T extends EventType = EventType> = {
  [K in T]: Readonly<{ type: K; at: Timestamp; releaseId: ReleaseId } & EventMap[K]>;
}[T];

export type ServiceEvent = EventOf;
