import type { protos } from "@google-cloud/cloudbuild";
import type { BuildFailureType, BuildReport, StepReport } from "../../domain/build-report.ts";
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

const failureTypes: Readonly<Record<number, string>> = {
  1: "PUSH_FAILED",
  2: "PUSH_IMAGE_NOT_FOUND",
  3: "PUSH_NOT_AUTHORIZED",
  4: "LOGGING_FAILURE",
  5: "USER_BUILD_STEP",
  6: "FETCH_SOURCE_FAILED",
};

const failures: Readonly<Record<string, BuildFailureType>> = {
  PUSH_FAILED: "push-failed",
  PUSH_IMAGE_NOT_FOUND: "push-image-not-found",
  PUSH_NOT_AUTHORIZED: "push-not-authorized",
  LOGGING_FAILURE: "logging-failure",
  USER_BUILD_STEP: "user-build-step",
  FETCH_SOURCE_FAILED: "fetch-source-failed",
};

const badEnds: Readonly<Record<string, BuildReport["state"]>> = {
  FAILURE: "failed",
  INTERNAL_ERROR: "internal-error",
  TIMEOUT: "timed-out",
  CANCELLED: "cancelled",
  EXPIRED: "expired",
};

const stepStates: Readonly<Record<string, StepReport["state"]>> = {
  WORKING: "working",
  SUCCESS: "succeeded",
  FAILURE: "failed",
  INTERNAL_ERROR: "failed",
  TIMEOUT: "timed-out",
  CANCELLED: "cancelled",
};

function nameOf(value: EnumValue, names: Readonly<Record<number, string>>): string {
  return typeof value === "number" ? (names[value] ?? "") : (value ?? "");
}

/** The build as the port tells it; null when it has no id yet. */
export function buildSnapshotOf(build: IBuild): BuildSnapshot | null {
  const id = parseBuildId(build.id ?? "");
  if (id === null) return null;
  const status = statuses[nameOf(build.status, statusNames)] ?? "working";
  const { releaseId, service, attempt, imageIndex } = readBuildTags(build.tags ?? []);
  return {
    id,
    releaseId,
    service,
    attempt,
    status,
    image: status === "succeeded" ? imageOf(build, imageIndex) : null,
    report: reportOf(build),
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

/** What Cloud Build says of a build that did not end well; null for any other. */
function reportOf(build: IBuild): BuildReport | null {
  const state = badEnds[nameOf(build.status, statusNames)];
  if (state === undefined) return null;
  return {
    state,
    failureType: failures[nameOf(build.failureInfo?.type, failureTypes)] ?? null,
    detail: build.statusDetail || build.failureInfo?.detail || "",
    steps: (build.steps ?? []).map(stepOf),
    timeoutMs: millisecondsOf(build.timeout),
    serviceAccount: build.serviceAccount || null,
  };
}

function stepOf({ id, name, status, exitCode }: IBuildStep, index: number): StepReport {
  return {
    index,
    id: id || null,
    image: name ?? "",
    state: stepStates[nameOf(status, statusNames)] ?? "waiting",
    exitCode: exitCode || null,
  };
}

/** Of a moment or a span; null where it is not told. */
function millisecondsOf(
  time: Readonly<{ seconds?: unknown; nanos?: number | null }> | null | undefined,
): Timestamp | null {
  const seconds = Number(String(time?.seconds ?? 0));
  return seconds > 0 ? seconds * 1000 + Math.floor((time?.nanos ?? 0) / 1_000_000) : null;
}
