import { gantrySubstitutions } from "../../config/build-substitutions.ts";
import { type CloudBuildResult, parseCloudBuildFile } from "../../config/cloud-build-file.ts";
import type { CloudBuildFile } from "../../config/cloud-build-schema.ts";
import { formatProblem } from "../../config/problem.ts";
import type { BuildRequest } from "../../ports/build.ts";
import { partsOf } from "../google/service-parts.ts";
import type { IBuild } from "./build-snapshot.ts";
import { buildTagsFor } from "./build-tags.ts";

export type BodyResult =
  | Readonly<{ ok: true; build: IBuild }>
  | Readonly<{ ok: false; problems: readonly string[] }>;

/** Whom builds run as. */
export type BuildAccount = Readonly<{
  /** The operator's account, `{project}` for the project of the service; null = Cloud Build's default. */
  account: string | null;
  /** True only where an account gives no rights, as in the local cloud: then a file may name whom it likes. */
  filesNameAccounts: boolean;
}>;

/**
 * The build that a request asks for, or every problem of its file as `file:line:col path: what is wrong`. No build of the
 * release lasts longer than `build.timeoutMs` and none runs as another account than the operator's, whatever the file says.
 */
export function buildBodyOf(request: BuildRequest, by: BuildAccount): BodyResult {
  const account = fullNameOf(by, partsOf(request.service).project);
  const parsed = parse(request, by.filesNameAccounts ? {} : { runsAs: account });
  if (!parsed.ok) {
    const errors = parsed.findings.filter(({ severity }) => severity === "error");
    return { ok: false, problems: errors.map(formatProblem) };
  }
  const { build: file, imageIndex } = parsed;
  const seconds = Math.max(1, Math.floor(request.build.timeoutMs / 1000));
  const { releaseId, service, attempt } = request;
  return {
    ok: true,
    build: {
      ...withDurations(
        withAccount(file, by.filesNameAccounts ? (file.serviceAccount ?? account) : account),
        seconds,
      ),
      source: sourceOf(request, file),
      tags: [...(file.tags ?? []), ...buildTagsFor({ releaseId, service, attempt, imageIndex })],
    },
  };
}

function parse(request: BuildRequest, judged: Readonly<{ runsAs?: string | null }>): CloudBuildResult {
  const { service, repository, directory, tag, commit, releaseId, build, file } = request;
  const parts = partsOf(service);
  const imageRepository = build.repository;
  const facts = { service: parts, imageRepository, repository, directory, tag, commit, release: releaseId };
  return parseCloudBuildFile({
    file: file.name,
    text: file.text,
    available: gantrySubstitutions(facts),
    substitutions: build.substitutions,
    project: parts.project,
    ...judged,
  });
}

/** Steps run in the service's folder, unless the file places them itself with `_DIRECTORY`. */
function sourceOf(
  { cloneUrl, connection, commit, directory }: BuildRequest,
  file: CloudBuildFile,
): NonNullable<IBuild["source"]> {
  const placesItself = file.substitutions?.["_DIRECTORY"] !== undefined;
  const at = { revision: commit, ...(placesItself || directory === "" ? {} : { dir: directory }) };
  return connection === null
    ? { gitSource: { url: cloneUrl, ...at } }
    : { connectedRepository: { repository: connection, ...at } };
}

function fullNameOf({ account }: BuildAccount, project: string): string | null {
  if (account === null) return null;
  return `projects/${project}/serviceAccounts/${account.replaceAll("{project}", project)}`;
}

/**
 * Cloud Build asks of a build with an account of its own that it says where its log goes:
 * https://cloud.google.com/build/docs/securing-builds/configure-user-specified-service-accounts
 */
function withAccount(file: CloudBuildFile, serviceAccount: string | null): CloudBuildFile {
  if (serviceAccount === null) return file;
  const saysWhere = file.logsBucket !== undefined || file.options?.logging !== undefined;
  if (saysWhere) return { ...file, serviceAccount };
  return { ...file, serviceAccount, options: { ...file.options, logging: "CLOUD_LOGGING_ONLY" } };
}

/** The file writes durations as the REST API does (`900s`); the client takes them as messages. */
function withDurations(file: CloudBuildFile, limitSeconds: number): IBuild {
  const { timeout, queueTtl, steps, ...others } = file;
  const body: object = {
    ...others,
    timeout: duration(secondsOf(timeout, limitSeconds)),
    ...(queueTtl === undefined ? {} : { queueTtl: duration(secondsOf(queueTtl, Number.MAX_SAFE_INTEGER)) }),
    steps: steps.map(({ timeout: ofStep, ...step }) =>
      ofStep === undefined ? step : { ...step, timeout: duration(secondsOf(ofStep, limitSeconds)) },
    ),
  };
  // The schema of the file is the part of the message that a request may set, field by field.
  return body as IBuild;
}

function secondsOf(text: string | undefined, limit: number): number {
  return Math.min(limit, text === undefined ? limit : Number.parseFloat(text));
}

function duration(seconds: number): Readonly<{ seconds: string; nanos: number }> {
  const whole = Math.floor(seconds);
  return { seconds: String(whole), nanos: Math.round((seconds - whole) * 1e9) };
}
