import type { CloudBuildClient } from "@google-cloud/cloudbuild";
import type { ReleaseId, ServiceKey } from "../../domain/ids.ts";
import { buildRegionOf } from "../../domain/source-connection.ts";
import { AppError } from "../../ports/app-error.ts";
import type { BuildPort, BuildRequest, BuildSnapshot, StartOutcome } from "../../ports/build.ts";
import type { Clock } from "../../ports/system.ts";
import {
  type Caller,
  type CallSettings,
  callOptions,
  readCall,
  type WriteAnswer,
  writeCall,
} from "../google/api-call.ts";
import { partsOf } from "../google/service-parts.ts";
import { type BuildAccount, buildBodyOf } from "./build-body.ts";
import { buildSnapshotOf, type IBuild, isUnfinished } from "./build-snapshot.ts";
import { releaseTag } from "./build-tags.ts";

export type BuildSettings = CallSettings &
  BuildAccount &
  Readonly<{
    /** Where builds without a connection run. `global` is what `gcloud builds submit` uses; a region has a quota of its own. */
    location: string;
    lookMs: number; // between two searches for a build whose creation was not answered
    looks: number; // such searches before another creation
    maxCreates: number;
  }>;

export const buildSettings: BuildSettings = {
  callTimeoutMs: 30_000,
  readAttempts: 4,
  retryMs: 500,
  location: "global",
  lookMs: 2_000,
  looks: 5,
  maxCreates: 3,
  account: null,
  filesNameAccounts: false,
};

type Context = Readonly<{
  caller: Caller;
  client: () => Promise<CloudBuildClient>;
  clock: Clock;
  settings: BuildSettings;
}>;

const never = new AbortController().signal;
const pageSize = 20;
const maxCancelRounds = 3;

/** `BuildPort` over the Cloud Build API v1. */
export function createBuildAdapter({
  client,
  clock,
  settings,
}: Readonly<{ client: () => Promise<CloudBuildClient>; clock: Clock; settings: BuildSettings }>): BuildPort {
  const context: Context = { caller: { api: "build", clock, settings }, client, clock, settings };
  return {
    start: (request) => start(context, request),
    get: async ({ service, id, region }) => {
      const found = await readCall(context.caller, {
        doing: `read build ${id} of ${service}`,
        send: async (timeout) => {
          const cloud = await client();
          const [build] = await cloud.getBuild(
            nameOf(context, { service, region }, id),
            callOptions(timeout),
          );
          return build;
        },
      });
      return found === null ? null : buildSnapshotOf(found);
    },
    cancel: ({ releaseId, ...place }) => cancel(context, place, releaseId),
  };
}

async function start(context: Context, request: BuildRequest): Promise<StartOutcome> {
  const body = buildBodyOf(request, context.settings);
  if (!body.ok) {
    const message = `${request.file.name} cannot be built: ${body.problems.length} problem(s)`;
    return { outcome: "refused", message, problems: body.problems };
  }
  let known = await firstBuildOf(context, request);
  for (let creates = 0; known === null; creates += 1) {
    if (creates >= context.settings.maxCreates) throw unanswered(request);
    const created = await create(context, request, body.build);
    if (!created.ok && created.kind !== "unknown")
      return { outcome: "refused", message: created.message, problems: [] };
    known = (created.ok ? created.value : null) ?? (await lookAgain(context, request));
  }
  return { outcome: "started", build: known };
}

async function create(
  context: Context,
  { service, releaseId, connection }: BuildRequest,
  build: IBuild,
): Promise<WriteAnswer<BuildSnapshot | null>> {
  return writeCall(context.caller, {
    doing: `start the build of release ${releaseId}`,
    send: async (timeout) => {
      const cloud = await context.client();
      const place = parentOf(context, { service, region: regionOf(connection) });
      const [operation] = await cloud.createBuild({ ...place, build }, callOptions(timeout));
      return buildOfOperation(operation.metadata);
    },
  });
}

/** `BuildOperationMetadata` carries the build as created. */
function buildOfOperation(metadata: unknown): BuildSnapshot | null {
  if (typeof metadata !== "object" || metadata === null || !("build" in metadata)) return null;
  return buildSnapshotOf(metadata.build as IBuild);
}

/** A creation that was not answered may show in the list only after a while. */
async function lookAgain(context: Context, request: BuildRequest): Promise<BuildSnapshot | null> {
  const { clock, settings } = context;
  for (let look = 1; look <= settings.looks; look += 1) {
    await clock.sleep({ ms: settings.lookMs, signal: never });
    const found = await firstBuildOf(context, request);
    if (found !== null) return found;
  }
  return null;
}

/** The oldest build of this attempt: should there be two, all callers agree on one. */
async function firstBuildOf(
  context: Context,
  { service, releaseId, attempt, connection }: BuildRequest,
): Promise<BuildSnapshot | null> {
  const all = await buildsOf(context, { service, region: regionOf(connection) }, releaseId);
  return all.findLast((build) => build.attempt === attempt) ?? null;
}

/** Newest first, as Cloud Build lists them. */
async function buildsOf(
  context: Context,
  place: Place,
  releaseId: ReleaseId,
): Promise<readonly BuildSnapshot[]> {
  const found = await readCall(context.caller, {
    doing: `look for the build of release ${releaseId}`,
    send: async (timeout) => {
      const cloud = await context.client();
      const request = { ...parentOf(context, place), pageSize, filter: `tags="${releaseTag(releaseId)}"` };
      const [builds] = await cloud.listBuilds(request, { ...callOptions(timeout), autoPaginate: false });
      return builds;
    },
  });
  const own = (found ?? []).map(buildSnapshotOf).filter((build) => build !== null);
  return own.filter((build) => build.releaseId === releaseId);
}

async function cancel(context: Context, place: Place, releaseId: ReleaseId): Promise<void> {
  const { caller, client, clock, settings } = context;
  for (let round = 1; ; round += 1) {
    const running = (await buildsOf(context, place, releaseId)).filter(isUnfinished);
    if (running.length === 0) return;
    if (round > maxCancelRounds) throw stillRuns(releaseId);
    for (const { id } of running) {
      // A refusal means that it ended meanwhile: the next look tells.
      await writeCall(caller, {
        doing: `cancel build ${id}`,
        send: async (timeout) =>
          (await client()).cancelBuild(nameOf(context, place, id), callOptions(timeout)),
      });
    }
    if (round > 1) await clock.sleep({ ms: settings.lookMs, signal: never });
  }
}

/** Where a build is looked for: one of another region is not found. */
type Place = Readonly<{ service: ServiceKey; region: string | null }>;

function regionOf(connection: string | null): string | null {
  return connection === null ? null : buildRegionOf({ connection });
}

function parentOf({ settings }: Context, { service, region }: Place): { parent: string; projectId: string } {
  const { project: projectId } = partsOf(service);
  return { parent: `projects/${projectId}/locations/${region ?? settings.location}`, projectId };
}

function nameOf(
  context: Context,
  place: Place,
  id: string,
): Readonly<{ name: string; projectId: string; id: string }> {
  const { parent, projectId } = parentOf(context, place);
  return { name: `${parent}/builds/${id}`, projectId, id };
}

function unanswered({ releaseId }: BuildRequest): AppError {
  const message = `Cloud Build did not answer when asked to start the build of release ${releaseId}, and shows no such build`;
  return new AppError({ code: "build-unavailable", transient: true, message });
}

function stillRuns(releaseId: ReleaseId): AppError {
  const message = `the build of release ${releaseId} still runs though it was cancelled`;
  return new AppError({ code: "build-unavailable", transient: true, message });
}
