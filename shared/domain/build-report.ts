import type { CommitSha } from "./ids.ts";

/** What Cloud Build says went wrong (`Build.FailureInfo.FailureType` in cloudbuild.proto). */
export type BuildFailureType =
  | "push-failed"
  | "push-image-not-found"
  | "push-not-authorized"
  | "logging-failure"
  | "user-build-step"
  | "fetch-source-failed";

/** One step as Cloud Build left it. The exit code is null where the step never ended by itself. */
export type StepReport = Readonly<{
  index: number; // from 0
  id: string | null;
  image: string;
  state: "waiting" | "working" | "succeeded" | "failed" | "timed-out" | "cancelled";
  exitCode: number | null;
}>;

/** A build that did not end well, as Cloud Build tells of it. `refused`: it was never created. */
export type BuildReport = Readonly<{
  state: "failed" | "internal-error" | "timed-out" | "expired" | "cancelled" | "refused";
  failureType: BuildFailureType | null;
  detail: string; // Cloud Build's own words
  steps: readonly StepReport[];
  timeoutMs: number | null; // the limit that the build had; null = not told
  serviceAccount: string | null; // null = the project's default
}>;

/** A file of the repository as it is at the commit that was built. */
export type SourceFile = Readonly<{ path: string; text: string }>;

/** All that is known when the cause is looked for. */
export type BuildEvidence = Readonly<{
  report: BuildReport;
  log: readonly string[] | null; // its last lines; null = it could not be read
  dockerfile: SourceFile | null; // null = it could not be read, or there is none
  buildFile: string; // the name that its problems are reported under
  commit: CommitSha;
  project: string;
  imageRepository: string; // where the build pushes, without the name of the image
  timeoutMs: number; // `build.timeout` in gantry.yaml
}>;

/** Every cause that is told apart; each has a heading in docs/errors.md. */
export const buildCauses = [
  "stale-cache",
  "package-renamed",
  "package-gone",
  "distribution-ended",
  "out-of-disk",
  "out-of-memory",
  "step-timed-out",
  "build-time-limit",
  "queue-expired",
  "push-denied",
  "repository-missing",
  "push-failed",
  "image-not-built",
  "substitution-empty",
  "image-name-invalid",
  "dockerfile-missing",
  "source-file-missing",
  "base-image-missing",
  "dependencies-conflict",
  "build-permission-denied",
  "source-not-fetched",
  "registry-unavailable",
  "download-failed",
  "platform-failed",
  "step-failed",
  "build-cancelled-outside",
] as const;

export type BuildCause = (typeof buildCauses)[number];

/**
 * Why a build failed, for a person: what happened and what to do, each in a sentence or two; what to type, where a
 * command repairs it; and the lines of the log that say so, without secrets.
 */
export type BuildDiagnosis = Readonly<{
  cause: BuildCause;
  sentence: string;
  repair: string;
  command: string | null;
  evidence: readonly string[];
  isTransient: boolean; // a failure of the platform, which may pass: never one of the user's making
}>;
