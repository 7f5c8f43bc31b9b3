import { posix } from "node:path";
import { diagnoseBuild } from "../domain/build-diagnosis.ts";
import type {
  BuildCause,
  BuildDiagnosis,
  BuildEvidence,
  BuildReport,
  SourceFile,
} from "../domain/build-report.ts";
import type { Command } from "../domain/commands.ts";
import { dockerfileNamed } from "../domain/dockerfile-place.ts";
import type { BuildId, ServiceKey } from "../domain/ids.ts";
import { imageRepositoryOf, type ReleaseConfig } from "../domain/release-config.ts";
import type { Failure, FailureCode, FailureHelp, ReleaseBasics } from "../domain/service-state.ts";
import type { BuildSnapshot } from "../ports/build.ts";
import type { Deps } from "./deps.ts";

/** A release and all that its build was made from. */
export type BuiltRelease = Readonly<{ service: ServiceKey; release: ReleaseBasics; config: ReleaseConfig }>;

/** How long the log and the Dockerfile are waited for: what cannot be read by then is told without them. */
const patienceMs = 15_000;

/** Lines of the log that are read: the cause stands at its end. */
const logLines = 500;

/** Cloud Logging may show a line some seconds after it was written. */
const logPauseMs = 2_500;

/** What the build as it stands means for its release. A build that did not end well is explained first. */
export async function commandFor(deps: Deps, built: BuiltRelease, build: BuildSnapshot): Promise<Command> {
  const { id: releaseId } = built.release;
  const { id: buildId, status, image, report } = build;
  if (status === "queued" || status === "working")
    return { type: "note-build-working", at: deps.clock.now(), releaseId, buildId };
  if (status === "succeeded" && image)
    return { type: "finish-build", at: deps.clock.now(), releaseId, buildId, result: { image } };
  if (report === null)
    return {
      type: "finish-build",
      at: deps.clock.now(),
      releaseId,
      buildId,
      result: { failure: withoutDigest },
    };
  const diagnosis = diagnoseBuild(await gather(deps, built, { report, buildId }));
  const { isTransient } = diagnosis;
  const result = { failure: failureOf(diagnosis), isTransient };
  return { type: "finish-build", at: deps.clock.now(), releaseId, buildId, result };
}

const withoutDigest: Failure = {
  code: "build-without-digest",
  message:
    "The build succeeded but pushed no image that it lists under images:, so there is no digest to deploy.",
};

/** Why Cloud Build would not have the build; `message` is its own. */
export function refusalOf(deps: Deps, built: BuiltRelease, message: string): Failure {
  const report: BuildReport = {
    state: "refused",
    failureType: null,
    detail: message,
    steps: [],
    timeoutMs: null,
    serviceAccount: null,
  };
  const diagnosis = diagnoseBuild({ ...known(deps, built, report), log: null, dockerfile: null });
  if (diagnosis.cause === "step-failed") return { code: "build-not-started", message };
  return { code: "build-not-started", message: diagnosis.sentence, help: helpOf(diagnosis) };
}

const codes: Readonly<Partial<Record<BuildCause, FailureCode>>> = {
  "build-cancelled-outside": "build-cancelled",
  "build-time-limit": "build-timed-out",
  "step-timed-out": "build-timed-out",
  "queue-expired": "build-timed-out",
};

function failureOf(diagnosis: BuildDiagnosis): Failure {
  const { cause, sentence } = diagnosis;
  return { code: codes[cause] ?? "build-failed", message: sentence, help: helpOf(diagnosis) };
}

function helpOf({ cause, repair, command, evidence }: BuildDiagnosis): FailureHelp {
  return { cause, repair, command, evidence };
}

function known(
  { settings }: Deps,
  { release, config }: BuiltRelease,
  report: BuildReport,
): Omit<BuildEvidence, "log" | "dockerfile"> {
  const { build, source, service } = config;
  return {
    report,
    buildFile: build.config === null ? settings.buildFile.name : posix.join(source.directory, build.config),
    commit: release.commit,
    project: service.project,
    imageRepository: imageRepositoryOf(config),
    timeoutMs: build.timeoutMs,
  };
}

type Ended = Readonly<{ report: BuildReport; buildId: BuildId }>;

async function gather(deps: Deps, built: BuiltRelease, { report, buildId }: Ended): Promise<BuildEvidence> {
  const facts = known(deps, built, report);
  const [log, dockerfile] = await Promise.all([
    inTime(deps, "the log of the build", (signal) => readLog(deps, built.service, buildId, signal)),
    inTime(deps, "the Dockerfile", () => readDockerfile(deps, built)),
  ]);
  return { ...facts, log, dockerfile };
}

/** The end of the log. An empty one is asked for again, because its lines may be on their way still. */
async function readLog(
  { logs, clock }: Deps,
  service: ServiceKey,
  build: BuildId,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  for (let tries = 1; tries <= 3 && !signal.aborted; tries += 1) {
    if (tries > 1) await clock.sleep({ ms: logPauseMs, signal });
    const lines = await logs.buildLog({ service, build, limit: logLines, signal });
    if (lines.length > 0) return lines.flatMap(({ text }) => text.split("\n"));
  }
  return null;
}

async function readDockerfile(deps: Deps, { release, config }: BuiltRelease): Promise<SourceFile | null> {
  const { repository, commit } = release;
  const { build, source } = config;
  const read = (path: string) => deps.source.readFile({ repository, commit, path });
  const buildFile = build.config === null ? null : await read(posix.join(source.directory, build.config));
  const path = posix.join(source.directory, dockerfileNamed(buildFile ?? ""));
  const text = await read(path);
  return text === null ? null : { path, text };
}

/** Null = it failed, or it did not come in time. Neither ever holds up what the build came to. */
async function inTime<T>(
  { clock, log }: Deps,
  what: string,
  ask: (signal: AbortSignal) => Promise<T | null>,
): Promise<T | null> {
  const over = new AbortController();
  const unread = (why: string) => (): null => {
    if (!over.signal.aborted) log.warn({ why }, `Could not read ${what}; going on without it`);
    return null;
  };
  const answer = ask(over.signal).catch((error: unknown) => unread(String(error))());
  const late = clock.sleep({ ms: patienceMs, signal: over.signal }).then(unread("it took too long"));
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}
