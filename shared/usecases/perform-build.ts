import { posix } from "node:path";
import type { Command } from "../domain/commands.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import type { Failure, ReleaseBasics } from "../domain/service-state.ts";
import { buildRegionOf } from "../domain/source-connection.ts";
import { AppError } from "../ports/app-error.ts";
import { commandFor, refusalOf } from "./build-outcome.ts";
import { activeOf, configOf, type Job } from "./job.ts";

/** Starts the build of the release, or the second one where the platform lost the first; or finds what an earlier try started. */
export async function startBuild(job: Job): Promise<Command | null> {
  const { deps, work } = job;
  const release = activeOf(job, "building");
  if (!release || release.build !== null) return null;
  const config = await configOf(job, release.configHash);
  const outcome = await deps.build.start({
    service: work.service,
    releaseId: release.id,
    attempt: release.lost === undefined ? 1 : 2,
    repository: release.repository,
    cloneUrl: deps.source.cloneUrl(release.repository),
    connection: config.source.connection ?? null,
    tag: release.tag,
    commit: release.commit,
    directory: config.source.directory,
    build: config.build,
    file: await buildFile(job, release, config),
  });
  const at = deps.clock.now();
  if (outcome.outcome === "started") {
    const { id, logUrl } = outcome.build;
    return { type: "note-build-started", at, releaseId: release.id, buildId: id, logUrl };
  }
  const { message, problems } = outcome;
  const failure: Failure =
    problems.length > 0
      ? { code: "build-not-started", message: [message, ...problems].join("\n") }
      : refusalOf(deps, { service: work.service, release, config }, message);
  return {
    type: "give-up",
    at,
    releaseId: release.id,
    work: "start-build",
    failure,
  };
}

async function buildFile(
  { deps }: Job,
  release: ReleaseBasics,
  { build, source }: ReleaseConfig,
): Promise<Readonly<{ name: string; text: string }>> {
  if (build.config === null) return deps.settings.buildFile;
  const path = posix.join(source.directory, build.config);
  const text = await deps.source.readFile({ repository: release.repository, commit: release.commit, path });
  if (text !== null) return { name: path, text };
  const message = `${release.repository} has no file ${path} at ${release.commit.slice(0, 7)}, which build.config in gantry.yaml names.`;
  throw new AppError({ code: "config-invalid", message, transient: false });
}

/** Asks for the build, in case the message that tells of its end was lost. */
export async function checkBuild(job: Job): Promise<Command | null> {
  const { deps, work } = job;
  const release = activeOf(job, "building");
  if (!release?.build) return null;
  const config = await configOf(job, release.configHash);
  const region = buildRegionOf(config.source);
  const build = await deps.build.get({ service: work.service, id: release.build.id, region });
  if (build) {
    return commandFor(deps, { service: work.service, release, config }, build);
  }
  const failure: Failure = {
    code: "build-failed",
    message: `Cloud Build does not know build ${release.build.id} any more.`,
  };
  return { type: "give-up", at: deps.clock.now(), releaseId: release.id, work: "check-build", failure };
}
