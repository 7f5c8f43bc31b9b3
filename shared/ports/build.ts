import type { BuildReport } from "../domain/build-report.ts";
import type { BuildId, CommitSha, ReleaseId, ServiceKey, TagName, Timestamp } from "../domain/ids.ts";
import type { BuildConfig } from "../domain/release-config.ts";
import type { Image } from "../domain/service-state.ts";

export type BuildRequest = Readonly<{
  service: ServiceKey;
  releaseId: ReleaseId;
  /** 2 = the platform failed the first build; any other build of the release is left alone. */
  attempt: BuildAttempt;
  repository: string;
  /** Where Cloud Build fetches the commit from, where `connection` is null. */
  cloneUrl: string;
  /** The full name of the repository in a Cloud Build connection, by which a private one is fetched; null = by URL. */
  connection: string | null;
  tag: TagName;
  commit: CommitSha;
  /** Folder of the service in the repository; "" = its root. */
  directory: string;
  build: BuildConfig;
  /** Text of the build file, and the name to report problems under. */
  file: Readonly<{ name: string; text: string }>;
}>;

export type BuildSnapshot = Readonly<{
  id: BuildId;
  releaseId: ReleaseId | null; // null = not a build of Gantry's
  service: ServiceKey | null;
  attempt: BuildAttempt;
  status: "queued" | "working" | "succeeded" | "failed" | "cancelled" | "timed-out" | "expired";
  image: Image | null; // null until it succeeded, and when the build pushed nothing under `images:`
  report: BuildReport | null; // what Cloud Build says of one that did not end well; null = none such
  logUrl: string;
  startedAt: Timestamp | null;
}>;

/** A release has one build, and a second one only where the platform failed the first. */
export type BuildAttempt = 1 | 2;

/**
 * `started`: exactly one build of this attempt exists, this one, whether this call or an earlier one created it.
 * `refused`: Cloud Build or Gantry's own check will not have it; `problems` are `file:line:col path: what is wrong`.
 */
export type StartOutcome =
  | Readonly<{ outcome: "started"; build: BuildSnapshot }>
  | Readonly<{ outcome: "refused"; message: string; problems: readonly string[] }>;

/** Cloud Build. Every method is safe to call twice. Throws `AppError` with `transient` for what may pass. */
export interface BuildPort {
  /** AT MOST ONE build per release and attempt: it is found again by its tags before one is created. */
  start(request: BuildRequest): Promise<StartOutcome>;
  /** Null = no such build. `region`: where the build runs (`buildRegionOf`); null = where builds without a connection do. */
  get(
    params: Readonly<{ service: ServiceKey; id: BuildId; region: string | null }>,
  ): Promise<BuildSnapshot | null>;
  /** Cancels whatever of this release still runs; nothing to cancel is no error. */
  cancel(
    params: Readonly<{ service: ServiceKey; releaseId: ReleaseId; region: string | null }>,
  ): Promise<void>;
}

/** A build of Gantry's carries the tag `gantry-release-<release id>`: by it the build is found again. */
export const releaseTagPrefix = "gantry-release-";
