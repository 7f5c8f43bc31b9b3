import { parseBuildId, parseReleaseId, type ReleaseId } from "../domain/ids.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ServiceState } from "../domain/service-state.ts";
import { buildRegionOf } from "../domain/source-connection.ts";
import { type BuildSnapshot, releaseTagPrefix } from "../ports/build.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import { commandFor } from "./build-outcome.ts";
import type { Deps } from "./deps.ts";
import { execute } from "./execute.ts";
import { goesOnWith } from "./invocation.ts";
import { readBuildNotice } from "./messages.ts";
import { workOn } from "./run-work.ts";

/**
 * A message of Cloud Build's is a hint: the build is asked for, and only what it says itself counts. Messages about
 * builds that are not Gantry's are acknowledged and left alone; the topic carries every build of the project.
 */
export async function noticeBuild(deps: Deps, event: PubSubEvent): Promise<void> {
  const notice = readBuildNotice(event);
  const releaseId = releaseOf(notice.tags);
  const buildId = parseBuildId(notice.id);
  const record = releaseId && (await deps.store.release(releaseId));
  if (!record || !buildId) return;
  const { service } = record;
  const config = await deps.store.config(record.configHash);
  const region = config === null ? null : buildRegionOf(config.source);
  const build = await deps.build.get({ service, id: buildId, region });
  if (!build || build.status === "queued" || build.status === "working") return;
  const known = await deps.store.load(service);
  if (config === null || !isAwaited(known.state, record, build)) {
    await workOn(deps, "deploy", service);
    return;
  }
  const executed = await execute(deps, {
    service,
    command: await commandFor(deps, { service, release: record, config }, build),
    cause: null,
    config: null,
    goesOnWith: goesOnWith("deploy"),
    known,
    goesOnAtOnce: true,
  });
  await workOn(deps, "deploy", service, executed.ok ? executed.begun : null);
}

/** A message that is late or repeated calls for nothing, least of all for reading a log. */
function isAwaited({ active }: ServiceState, { id }: ReleaseRecord, build: BuildSnapshot): boolean {
  if (active?.id !== id || active.status !== "building") return false;
  return active.lost !== build.id && (active.build === null || active.build.id === build.id);
}

function releaseOf(tags: readonly string[]): ReleaseId | null {
  const tag = tags.find((candidate) => candidate.startsWith(releaseTagPrefix));
  return tag === undefined ? null : parseReleaseId(tag.slice(releaseTagPrefix.length));
}
