import type { CheckResult, DecisionKind, Verdict } from "./events.ts";
import type { Finding } from "./finding.ts";
import type { SettingRow } from "./guardrails.ts";
import type { BuildId, ImageDigest, ReleaseId, RevisionName, Timestamp } from "./ids.ts";
import type { ServiceSettings } from "./service-settings.ts";
import type { Actor, Candidate, Failure, Image, ReleaseBasics } from "./service-state.ts";
import type { Split } from "./traffic.ts";
import type { MinimumResult, WarmStep } from "./warm-state.ts";
import type { WorkKind } from "./work.ts";

/** What somebody else changed. `settings` null = the service is gone. */
export type FoundChanges = Readonly<{
  rows: readonly SettingRow[];
  by: string | null;
  settings: ServiceSettings | null;
  serving: RevisionName | null;
}>;

/** `rows`: what of the guard rails the new revision does not keep. */
export type DeployResult =
  | Readonly<{ candidate: Candidate; stable: RevisionName | null }>
  | Readonly<{ failure: Failure; rows?: readonly SettingRow[] }>;

/** Everything that may be asked of a service, or reported about it. Time and ids arrive inside. */
export interface CommandMap {
  /** `explicit`: a person names this tag on purpose, so that it was seen before or is older does not matter. */
  "request-release": { release: ReleaseBasics; explicit: boolean };
  /** What was found before the build; `changes` = what somebody else did to the service since Gantry left it. */
  "finish-preflight": { findings: readonly Finding[]; changes: FoundChanges | null };
  "note-settings": { settings: ServiceSettings; serving: RevisionName | null; lookEveryMs: number | null };
  /** `leftAt`: the settings that were compared with, so that a late report changes nothing. */
  "report-changes": FoundChanges & { leftAt: Timestamp };
  /** What somebody else changed is the truth from now on. `releaseId` is not looked at. */
  "accept-changes": { by: Actor; reason: string };
  "note-build-started": { buildId: BuildId; logUrl: string };
  "note-build-working": { buildId: BuildId };
  "finish-build": { buildId: BuildId; result: Readonly<{ image: Image }> | FailedBuild };
  "finish-deploy": {
    result: DeployResult;
    /** How the service stands after the deploy; absent = it could not be read. */
    left?: Readonly<{ settings: ServiceSettings; lookEveryMs: number | null }>;
  };
  /** `approvalId`: unguessable, for the request that a passed gate may lead to. */
  "finish-gate": {
    verdict: Verdict;
    checks: readonly CheckResult[];
    approvalId: string;
    coldStartMs?: number | null; // null = not measured
  };
  /**
   * `groups`: every name in `approval.from` that this person stands behind, as policy and chat say now. `approvalId`:
   * the request that the person saw; null = none, and nothing is approved unseen. `unasked`: groups of which nobody can
   * tell now whether the person is in them; absent = none.
   */
  approve: Decider & { approvalId: string | null };
  reject: Decider & { approvalId: string | null; reason: string };
  pause: { by: Actor };
  resume: { by: Actor };
  /** Skips the holds that are left: the last step is next. */
  promote: { by: Actor };
  /** A person's decision that was refused goes into the record as well. */
  "note-refusal": { by: Actor; wanted: DecisionKind; code: RefusalCode };
  /** The candidate went bad while it waited for approval. */
  "fail-waiting": { checks: readonly CheckResult[] };
  "expire-approval": Record<never, never>;
  "finish-move": { step: number; failure: Failure | null };
  /** `step` null = the bake. */
  "finish-slice": { step: number | null; slice: number; verdict: Verdict; checks: readonly CheckResult[] };
  "report-drift": { found: Split };
  "finish-restore": Record<never, never>;
  /** Which finding of the leftover was cleared away. */
  "finish-tidy": { found: number };
  /** Work that was called off or failed may have left this; it counts where the release is over. */
  "report-leftovers": { build: boolean; candidate: boolean };
  /** The work was tried as often as it may be. */
  "give-up": { work: WorkKind; failure: Failure };
  cancel: { by: Actor; reason: string };
  /** `releaseId` is not looked at: the service is rolled back, whatever runs. `to` null = the revision before. */
  "roll-back": { by: Actor; reason: string; to: RevisionName | null };
  "free-digest": { by: Actor; digest: ImageDigest };
  /** A step that somebody who looked at the service wants to take to keep it warm. */
  "keep-warm": { plan: WarmStep };
  "finish-minimum": { slot: string; to: number; result: MinimumResult };
  /** `releaseId` is not looked at: what is live is kept warm. */
  warm: { by: Actor; until: Timestamp };
  "cool-down": { by: Actor };
}

type Decider = { by: Actor; groups: readonly string[]; unasked?: readonly string[] };

/** `isTransient`: the platform failed, and may not the next time; absent = what was built is at fault. */
type FailedBuild = Readonly<{ failure: Failure; isTransient?: boolean }>;

export type CommandType = keyof CommandMap;

/** A command of one type; without an argument, any command. */
export type CommandOf<T extends CommandType = CommandType> = {
  [K in T]: Readonly<{ type: K; at: Timestamp; releaseId: ReleaseId } & CommandMap[K]>;
}[T];

export type Command = CommandOf;

export type RefusalCode =
  | "tag-already-released"
  | "tag-moved"
  | "tag-older"
  | "not-running"
  | "already-exposed"
  | "already-rolling-back"
  | "nothing-to-roll-back-to"
  | "nothing-live"
  | "no-approval-awaited"
  | "approval-expired"
  | "approval-void"
  | "not-paused"
  | "not-rolling-out"
  | "not-an-approver"
  | "group-not-askable"
  | "not-a-member"
  | "not-allowed"
  | "self-approval"
  | "not-quarantined"
  | "service-drifted"
  | "nothing-to-accept"
  | "image-quarantined";

/** An expected no: what was refused and why, and the exact next command. */
export type RefusedCommand = Readonly<{ code: RefusalCode; message: string; next: string }>;
