import type { protos } from "@google-cloud/cloudbuild";
import { parseBuildId, parseImageDigest, type Timestamp } from "../../domain/ids.ts";
import type { Image } from "../../domain/service-state.ts";
import type { BuildSnapshot } from "../../ports/build.ts";
import { readBuildTags } from "./build-tags.ts";

export type IBuild = protos.google.devtools.cloudbuild.v1.IBuild;
type IBuildStep = protos.google.devtools.cloudbuild.v1.IBuildStep;
type EnumValue = string | number | null | undefined;

/** Enums come as names from a plain call and from Pub/Sub, and as numbers from an operation (cloudbuild.proto). */
const statusNames: Readonly<Record<number, string>> = {
  1: "QUEUED",
  2: "WORKING",
  3: "SUCCESS",
  4: "FAILURE",
  5: "INTERNAL_ERROR",
  6: "TIMEOUT",
  7: "CANCELLED",
  9: "EXPIRED",
  10: "PENDING",
};

const statuses: Readonly<Record<string, BuildSnapshot["status"]>> = {
  PENDING: "queued",
  QUEUED: "queued",
  WORKING: "working",
  SUCCESS: "succeeded",
  FAILURE: "failed",
  INTERNAL_ERROR: "failed",
  TIMEOUT: "timed-out",
  CANCELLED: "cancelled",
  EXPIRED: "expired",
};

const failureNames: Readonly<Record<number, string>> = {
  1: "PUSH_FAILED",
  2: "PUSH_IMAGE_NOT_FOUND",
  3: "PUSH_NOT_AUTHORIZED",
  4: "LOGGING_FAILURE",
  5: "USER_BUILD_STEP",
  6: "FETCH_SOURCE_FAILED",
};

const failureWords: Readonly<Record<string, string>> = {
  PUSH_FAILED: "an image could not be pushed",
  PUSH_IMAGE_NOT_FOUND: "an image named under `images` was not built",
  PUSH_NOT_AUTHORIZED: "the build's service account may not push the image",
  LOGGING_FAILURE: "the build could not write its log; it may pass when tried again",
  USER_BUILD_STEP: "a build step failed",
  FETCH_SOURCE_FAILED: "the commit could not be fetched",
};

const endWords: Readonly<Partial<Record<BuildSnapshot["status"], string>>> = {
  failed: "the build failed",
  "timed-out": "the build took longer than its timeout",
  cancelled: "the build was cancelled",
  expired: "the build waited in the queue for too long",
};

function nameOf(value: EnumValue, names: Readonly<Record<number, string>>): string {
  return typeof value === "number" ? (names[value] ?? "") : (value ?? "");
}

/** The build as the port tells it; null when it has no id yet. */
export function buildSnapshotOf(build: IBuild): BuildSnapshot | null {
  const id = parseBuildId(build.id ?? "");
  if (id === null) return null;
  const status = statuses[nameOf(build.status, statusNames)] ?? "working";
  const { releaseId, service, imageIndex } = readBuildTags(build.tags ?? []);
  return {
    id,
    releaseId,
    service,
    status,
    image: status === "succeeded" ? imageOf(build, imageIndex) : null,
    failure: failureOf(build, status),
    logUrl: build.logUrl ?? "",
    startedAt: millisecondsOf(build.startTime),
  };
}

/** Whether the build can still change. */
export function isUnfinished({ status }: BuildSnapshot): boolean {
  return status === "queued" || status === "working";
}

/** Only names under `images` come back with a digest. The name that is deployed carries no tag: the digest says it all. */
function imageOf({ images, artifacts, results }: IBuild, index: number): Image | null {
  const names = images && images.length > 0 ? images : (artifacts?.images ?? []);
  const pushed = results?.images?.find(({ name }) => name === names[index]);
  const digest = parseImageDigest(pushed?.digest ?? "");
  return digest === null ? null : { name: withoutTag(pushed?.name ?? ""), digest };
}

/** `host:5000/team/api:v1` as `host:5000/team/api`. */
function withoutTag(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
}

/** What happened and Cloud Build's own words for it. */
function failureOf(build: IBuild, status: BuildSnapshot["status"]): string | null {
  const end = endWords[status];
  if (end === undefined) return null;
  if (status !== "failed") return end;
  const why = failureWords[nameOf(build.failureInfo?.type, failureNames)] ?? end;
  const detail = build.statusDetail || build.failureInfo?.detail || failedStep(build.steps ?? []);
  return detail ? `${why}: ${detail}` : why;
}

function failedStep(steps: readonly IBuildStep[]): string {
  const index = steps.findIndex(({ status }) =>
    ["FAILURE", "TIMEOUT", "INTERNAL_ERROR"].includes(nameOf(status, statusNames)),
  );
  const step = steps[index];
  if (step === undefined) return "";
  const label = step.id ? ` (${step.id})` : "";
  const code = step.exitCode ? ` with exit code ${step.exitCode}` : "";
  return `step ${index}${label} of ${step.name ?? "an unnamed image"} ended${code}`;
}

function millisecondsOf(
  time: Readonly<{ seconds?: unknown; nanos?: number | null }> | null | undefined,
): Timestamp | null {
  const seconds = Number(String(time?.seconds ?? 0));
  return seconds > 0 ? seconds * 1000 + Math.floor((time?.nanos ?? 0) / 1_000_000) : null;
}
