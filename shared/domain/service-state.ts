import type { BuildCause } from "./build-report.ts";
import type { Drift, LeftSettings } from "./drift.ts";
import type { ChangeAllowance } from "./guardrails.ts";
import type {
  BuildId,
  CommitSha,
  ImageDigest,
  ReleaseId,
  RevisionName,
  ServiceKey,
  TagName,
  Timestamp,
} from "./ids.ts";
import type { ApprovalConfig, RolloutStep } from "./release-config.ts";
import type { SchemaMark } from "./schema.ts";
import type { Split } from "./traffic.ts";
import type { Warmth } from "./warm-state.ts";

/** Who asked: a person or a system, as the border that let them in names them, and where they did. */
export type Actor = Readonly<{
  kind: "person" | "system";
  name: string;
  id?: string; // in chat
  via?: "slack" | "api" | "console" | "github";
}>;

/** Why something went wrong: a literal code (documented in docs/errors.md) and a sentence for a person. */
export type Failure = Readonly<{ code: FailureCode; message: string; help?: FailureHelp }>;

/** What can be done about a failure, where that is known: in words, to type, and the lines that show it. */
export type FailureHelp = Readonly<{
  cause: BuildCause;
  repair: string;
  command: string | null;
  evidence: readonly string[]; // without secrets
}>;

export type FailureCode =
  | "build-not-started"
  | "build-failed"
  | "build-cancelled"
  | "build-timed-out"
  | "build-without-digest"
  | "candidate-not-ready"
  | "deploy-refused"
  | "deploy-unfinished"
  | "traffic-ambiguous"
  | "gate-failed"
  | "gate-inconclusive"
  | "watch-failed"
  | "watch-inconclusive"
  | "traffic-write-failed"
  | "approval-expired"
  | "rejected-by-person"
  | "cancelled-by-person"
  | "rolled-back-by-person"
  | "rolled-back-by-hand"
  | "traffic-moved-by-hand"
  | "quarantined"
  | "preflight-stopped"
  | "guardrail-broken"
  | "service-drifted"
  | "superseded";

/** What of `gantry.yaml` decides the way of a release; kept in the state, so it cannot change under way. */
export type Plan = Readonly<{
  steps: readonly RolloutStep[];
  bakeMs: number;
  approval: ApprovalConfig;
  onFailure: "rollback" | "hold";
  buildDeadlineMs: number; // from the start of the build to giving it up
  pollBuildEveryMs: number; // in case the build's event is lost
  pollBuildUpToMs?: number; // each look comes twice as late as the one before, up to this; absent = they stay as often
  sliceMs: number; // stretch of watching that is judged by itself, and the shortest that is written down
  watchWaitingEveryMs: number; // between two looks at a candidate that waits for approval
}>;

/** What a release is, whatever its status. */
export type ReleaseBasics = Readonly<{
  id: ReleaseId;
  tag: TagName;
  commit: CommitSha;
  committedAt?: Timestamp; // as git says; absent = not known
  repository: string;
  requestedBy: Actor;
  requestedAt: Timestamp;
  /** The request that it came of, `github/<delivery id>`, and the trace that tells of it (W3C Trace Context). */
  origin?: Readonly<{ delivery: string; traceparent: string }>;
  configHash: string;
  plan: Plan;
  /** An image that was built elsewhere: nothing is built. `reference` is what was asked for. */
  prebuilt?: Readonly<{ reference: string; image: Image }>;
  /** Somebody released it while freezes stood: which, and why. */
  allows?: ChangeAllowance; // guard rails that a person let it break
  despite?: Readonly<{ freezes: string; reason: string }>;
}>;

/** An image by digest: `name@digest` is what gets deployed. */
export type Image = Readonly<{ name: string; digest: ImageDigest }>;

/** The revision under trial, and where it answers at 0 %. */
export type Candidate = Readonly<{ revision: RevisionName; tag: string; url: string; image: Image }>;

/** `stable` null = the service did not exist before: there is nothing to go back to. */
export type Pair = Readonly<{ candidate: Candidate; stable: RevisionName | null }>;

/** Where a release that runs stands; a field exists only where it means something. */
export type Progress =
  | Readonly<{
      status: "building";
      build: StartedBuild | null; // null = not started yet
      checked?: true; // the preflight let it pass
      lost?: BuildId; // a first build, which the platform failed; what is built now is the second and last
    }>
  | Readonly<{ status: "deploying"; image: Image }>
  | (Readonly<{ status: "verifying" }> & Pair)
  | (Readonly<{
      status: "awaiting-approval";
      approvalId: string;
      approvedBy: readonly Actor[];
      expiresAt: Timestamp;
    }> &
      Pair)
  | (Readonly<{
      status: "rolling-out";
      step: number;
      fromPercent: number; // the candidate's share before this step
      movedAt: Timestamp | null; // null = traffic on its way
      slice: number;
      paused: boolean; // watched on, but no step is taken
      approved: Approved | null; // null = nobody was asked
    }> &
      Pair)
  | (Readonly<{ status: "baking"; since: Timestamp; slice: number }> & Pair)
  | (Readonly<{
      status: "rolling-back";
      failure: Failure;
      by: Actor;
      since: Timestamp;
      target: RevisionName | null;
    }> &
      Pair)
  | (Readonly<{ status: "held"; failure: Failure; since: Timestamp; found: Split }> & Pair);

/** The request that people said yes to, and when the last yes came. */
export type Approved = Readonly<{ approvalId: string; at: Timestamp }>;

export type StartedBuild = Readonly<{ id: BuildId; logUrl: string; startedAt: Timestamp; polls: number }>;

export type ActiveRelease = ReleaseBasics & Progress;

/** The active release in one status. */
export type ReleaseIn<S extends Progress["status"]> = ReleaseBasics & Extract<Progress, { status: S }>;

/** The release whose revision holds all traffic. */
export type LiveRelease = ReleaseBasics &
  Readonly<{ candidate: Candidate; stable: RevisionName | null; since: Timestamp }>;

export type Quarantined = Readonly<{
  digest: ImageDigest;
  releaseId: ReleaseId;
  tag: TagName;
  at: Timestamp;
  why: string;
}>;

/** A release that ended while something of it may still stand in the cloud: a running build, a tag at 0 %. */
export type Leftover = Readonly<{
  releaseId: ReleaseId;
  build: boolean;
  candidate: boolean;
  ended: "live" | "failed";
  found: number; // 1-based; what is found again while it is cleared away is cleared away again
}>;

/** A tag that was asked for before; a webhook that tells of it again starts nothing. */
export type SeenTag = Readonly<{ tag: TagName; commit: CommitSha; releaseId: ReleaseId }>;

/**
 * All that Gantry knows about one service. Single writer: whatever changes it goes through `decide`.
 */
export type ServiceState = Readonly<{
  key: ServiceKey;
  live: LiveRelease | null; // null = no release of Gantry's is live
  past: readonly LiveRelease[]; // those live before, newest last, the latest 10
  active: ActiveRelease | null;
  queue: readonly ReleaseBasics[]; // at most one: a newer tag supersedes a waiting one
  quarantine: readonly Quarantined[]; // newest last, the latest 100
  leftovers: readonly Leftover[];
  seen: readonly SeenTag[]; // newest last, the latest 100
  left?: LeftSettings; // absent = Gantry has not written this service yet
  drift?: Drift; // absent = nobody changed it since
  warmth?: Warmth; // absent until the service was first to be warm
  schema?: SchemaMark; // of what is stored; absent = schema 1
}>;

/** A service that Gantry has not touched yet. */
export function newService(key: ServiceKey): ServiceState {
  return { key, live: null, past: [], active: null, queue: [], quarantine: [], leftovers: [], seen: [] };
}
