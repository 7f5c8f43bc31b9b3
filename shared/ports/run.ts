import type { ReleaseId, RevisionName, ServiceKey, TagName, Timestamp } from "../domain/ids.ts";
import type { Guardrails, RuntimeConfig } from "../domain/release-config.ts";
import type { RevisionSettings, ServiceSettings } from "../domain/service-settings.ts";
import type { Candidate, Image } from "../domain/service-state.ts";
import type { Split, TrafficShare } from "../domain/traffic.ts";

/** A service as Cloud Run tells it at one moment. */
export type ServiceSnapshot = Readonly<{
  service: ServiceKey;
  url: string;
  /** What was asked for. */
  desired: readonly TrafficShare[];
  /** What requests really meet; `latest` entries are resolved to revisions. */
  effective: readonly (TrafficShare & Readonly<{ url: string | null }>)[];
  /** False while Cloud Run still works on the last write. */
  settled: boolean;
  ready: Readonly<{ state: "ready" | "failed" | "working"; message: string }>;
  latestReadyRevision: RevisionName | null;
}>;

export type RevisionSnapshot = Readonly<{
  revision: RevisionName;
  imageDigest: string | null; // null = not deployed by digest
  labels: Readonly<Record<string, string>>;
  createdAt: Timestamp | null; // null = not told
  /** From the imported image to the passed startup probe of its first instance; null = not told, or not over. */
  firstStart: Readonly<{ from: Timestamp; to: Timestamp }> | null;
  ready: Readonly<{ state: "ready" | "failed" | "working"; reason: string; message: string }>;
}>;

/** A service's settings with the traffic of the same moment, and who wrote them last as far as the API tells. */
export type SettingsReading = Readonly<{
  settings: ServiceSettings;
  snapshot: ServiceSnapshot;
  modifiedBy: string | null; // an e-mail address; null = not told
}>;

export type CandidateRequest = Readonly<{
  service: ServiceKey;
  releaseId: ReleaseId;
  tag: TagName;
  image: Image;
  runtime: RuntimeConfig;
  /** Used only to shape a service that does not exist yet; an existing template keeps its own settings. */
  guardrails: Guardrails;
  /** Globs of the accounts that `runtime` and `guardrails` may name beside the one that the service runs as. */
  accounts: readonly string[];
  /** Total time for the revision to become Ready. */
  deadlineMs: number;
  signal: AbortSignal;
}>;

/**
 * `ready`: the revision is Ready, has 0 % (100 % only on a first deploy, `stable` null), and its tag is effective.
 * `failed`: it will not become Ready; the desired traffic holds nothing of it any more. `message` is Cloud Run's own.
 * `refused`: Cloud Run or Gantry did not accept the write; nothing changed.
 */
export type CandidateOutcome =
  | Readonly<{ outcome: "ready"; candidate: Candidate; stable: RevisionName | null }>
  | Readonly<{ outcome: "failed"; code: "candidate-not-ready" | "deploy-unfinished"; message: string }>
  | Readonly<{ outcome: "refused"; code: "deploy-refused" | "traffic-ambiguous"; message: string }>;

export type TrafficRequest = Readonly<{
  service: ServiceKey;
  /** What shall be effective; sums to 100. */
  target: Split;
  /**
   * Tags to keep, by revision; every other `g-…` tag goes, tags of other owners stay. Unless `expected` is null, it counts as drift where
   * one of them is gone from a revision without all traffic: stable was restored, which takes the tag away in the same write.
   */
  tags: readonly Readonly<{ revision: RevisionName; tag: string }>[];
  /** The splits that Gantry may find and replace. Null = whatever is there (a rollback that a person asked for). */
  expected: readonly Split[] | null;
  deadlineMs: number;
  signal: AbortSignal;
}>;

/**
 * `effective`: read back, requests meet the target. `drifted`: somebody else changed the traffic; nothing was written.
 * `refused`: Cloud Run will not do it (message is its own); what is effective is in `found`.
 */
export type TrafficOutcome =
  | Readonly<{ outcome: "effective" }>
  | Readonly<{ outcome: "drifted"; found: Split }>
  | Readonly<{ outcome: "refused"; message: string; found: Split }>;

export type MinimumRequest = Readonly<{
  service: ServiceKey;
  /** The service's own minimum of instances, which Cloud Run divides among revisions by their share of traffic. */
  minimum: number;
  /** The one that Gantry may find and replace. */
  expected: number;
  deadlineMs: number;
  signal: AbortSignal;
}>;

/**
 * `set`: read back; no revision was made, and its instances may still be starting. `changed`: somebody else set another
 * one (null = the service is scaled by hand) and nothing was written. `refused`: Cloud Run will not do it.
 */
export type MinimumOutcome =
  | Readonly<{ outcome: "set" }>
  | Readonly<{ outcome: "changed"; found: number | null; by: string | null }>
  | Readonly<{ outcome: "refused"; message: string }>;

/** A candidate that is not made: what Cloud Run would say of its template. */
export type TemplateTrialRequest = Readonly<{
  service: ServiceKey;
  releaseId: ReleaseId;
  runtime: RuntimeConfig;
  guardrails: Guardrails; // shape a service that does not exist yet
  maxInstances: number | null; // null = as the service has it; a number asks what the quota allows
}>;

export type TemplateTrialOutcome =
  | Readonly<{ outcome: "accepted" }>
  | Readonly<{ outcome: "refused"; message: string }>; // Cloud Run's own words

/**
 * Cloud Run, for one service at a time. Every method is safe to call twice; every write carries the etag that was
 * read; an answer that did not come back is looked up before anything is written again. Throws `AppError` with
 * `transient` for what may pass, and never leaves a call without a deadline.
 */
export interface RunPort {
  /** Null = the service does not exist. */
  readService(service: ServiceKey): Promise<ServiceSnapshot | null>;
  /** Null = no such revision. */
  readRevision(
    params: Readonly<{ service: ServiceKey; revision: RevisionName }>,
  ): Promise<RevisionSnapshot | null>;
  /** Settings and traffic in ONE reading. Null = the service does not exist. */
  readSettings(service: ServiceKey): Promise<SettingsReading | null>;
  /** What a revision runs with, which never changes once it exists. Null = no such revision. */
  readRevisionSettings(
    params: Readonly<{ service: ServiceKey; revision: RevisionName }>,
  ): Promise<RevisionSettings | null>;
  /** Changes NOTHING: Cloud Run checks limits and quota as it would at the deploy. */
  tryTemplate(request: TemplateTrialRequest): Promise<TemplateTrialOutcome>;
  /** Newest first. */
  revisions(service: ServiceKey): Promise<readonly RevisionSnapshot[]>;
  deployCandidate(request: CandidateRequest): Promise<CandidateOutcome>;
  setTraffic(request: TrafficRequest): Promise<TrafficOutcome>;
  setMinInstances(request: MinimumRequest): Promise<MinimumOutcome>;
  /**
   * Removes what a release left: its tag and its 0 % entry. Traffic shares are never touched. With `ended: "failed"`,
   * and ONLY then, the service itself goes where this release created it and it holds nothing else.
   */
  removeCandidate(
    params: Readonly<{
      service: ServiceKey;
      releaseId: ReleaseId;
      ended: "live" | "failed";
      deadlineMs: number;
      signal: AbortSignal;
    }>,
  ): Promise<void>;
}
