import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GrpcService, startGrpcServer } from "../grpc/grpc-server.ts";
import { operationsService } from "../grpc/operations-service.ts";
import { loadProtoDefinitions } from "../grpc/proto-definitions.ts";
import type { ImageStore } from "../images/image-store.ts";
import { startBuildHttp } from "./build-http.ts";
import { BuildLogs } from "./build-log.ts";
import type { BuildMessage } from "./build-message.ts";
import { type BuildFaults, BuildNotifier, buildFaultNames, standingBuildFaults } from "./build-notifier.ts";
import { BuildRegistry } from "./build-registry.ts";
import { isFinished } from "./build-resource.ts";
import { type BuildTimings, BuildYard } from "./build-yard.ts";
import { buildOperations, type CloudBuildParts, cloudBuildService } from "./cloud-build-service.ts";
import { FaultSwitches } from "./fault-switches.ts";
import { gitSourceFetcher, type LocateConnected } from "./git-source.ts";

export type CloudBuildOptions = Readonly<{
  images: ImageStore;
  /** Receives what the real service publishes to the topic `cloud-builds`. */
  publish: (message: BuildMessage) => Promise<void>;
  /** Finds repositories that are connected; without it none is. */
  connected?: LocateConnected;
  host?: string;
  port?: number;
  httpPort?: number;
  projectNumber?: string;
  timings?: BuildTimings;
  /** Builds that work at once, 10 without; the others wait QUEUED. */
  concurrency?: number;
  /** Keeps builds and logs over a restart; without it they end with the process. */
  stateDirectory?: string;
  /** Packages that `apt-get install` no longer finds. */
  goneDebianPackages?: readonly string[];
  log?: (line: string) => void;
}>;

const gonePackages = ["libgl1-mesa-glx"];

export type LoggedBuild = Readonly<{
  project: string;
  tags: readonly string[];
  lines: readonly Readonly<{ at: number; text: string }>[];
}>;

type Address = Readonly<{ host: string; port: number }>;

export type CloudBuildServer = Readonly<{
  grpc: Address;
  http: Address;
  faults: BuildFaults;
  /** The log of a build so far. */
  logs(buildId: string): Promise<string>;
  /** The same line by line, with the project that the build belongs to; null = no such build. */
  loggedBuild(buildId: string): Promise<LoggedBuild | null>;
  close(): Promise<void>;
}>;

/**
 * Starts the local Cloud Build: the v1 API over gRPC, logs and faults over HTTP, each on a free port unless named.
 * Builds that an earlier process left unfinished are worked on again from their first step, under the same id.
 */
export async function startCloudBuild(options: CloudBuildOptions): Promise<CloudBuildServer> {
  const {
    images,
    host = "127.0.0.1",
    projectNumber = "725543555429",
    stateDirectory,
    log = () => undefined,
  } = options;
  const scratchDirectory = await scratchFor(stateDirectory);
  const faults: BuildFaults = new FaultSwitches(buildFaultNames, standingBuildFaults);
  const logs = new BuildLogs(join(stateDirectory ?? scratchDirectory, "logs"));
  const notifier = new BuildNotifier(options.publish, faults, log);
  const registry = await BuildRegistry.open(stateDirectory && join(stateDirectory, "builds"), notifier);
  const yard = new BuildYard({
    registry,
    images,
    logs,
    faults,
    fetchSource: gitSourceFetcher(options.connected),
    timings: options.timings ?? {},
    concurrency: options.concurrency ?? 10,
    layers: new Set(),
    scratchDirectory,
    goneDebianPackages: options.goneDebianPackages ?? gonePackages,
    log,
  });
  const http = await startBuildHttp({ host, port: options.httpPort ?? 0, registry, logs, faults });
  const logUrl = (id: string) => `http://${host}:${http.port}/builds/${id}/log`;
  const services = buildServices({ registry, yard, faults, projectNumber, logUrl });
  const grpc = await startGrpcServer({ host, port: options.port ?? 0, services }).catch(
    closing(http, scratchDirectory),
  );
  resume(registry, yard, logs);
  const close = async () => {
    await Promise.all([grpc.close(), http.close()]);
    await yard.close();
    await notifier.close();
    await rm(scratchDirectory, { recursive: true, force: true });
  };
  const addresses = { grpc: { host, port: grpc.port }, http: { host, port: http.port } };
  return { ...addresses, faults, ...logReading(registry, logs), close };
}

function logReading(
  registry: BuildRegistry,
  logs: BuildLogs,
): Pick<CloudBuildServer, "logs" | "loggedBuild"> {
  return {
    logs: (id) => logs.read(id),
    loggedBuild: async (id) => {
      const build = registry.get(id);
      if (build === null) return null;
      return { project: build.projectId, tags: build.tags, lines: await logs.lines(id) };
    },
  };
}

/** Where builds work: emptied at the start, for a process that was killed has left its own there. */
async function scratchFor(stateDirectory: string | undefined): Promise<string> {
  if (stateDirectory === undefined) return mkdtemp(join(tmpdir(), "gantry-build-"));
  const directory = join(stateDirectory, "work");
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  return directory;
}

function closing(
  part: { close(): Promise<void> },
  scratchDirectory: string,
): (error: unknown) => Promise<never> {
  return async (error) => {
    await part.close();
    await rm(scratchDirectory, { recursive: true, force: true });
    throw error;
  };
}

function resume(registry: BuildRegistry, yard: BuildYard, logs: BuildLogs): void {
  for (const build of registry.all().filter((each) => !isFinished(each))) {
    logs.say(build.id, "The local Cloud Build was stopped during this build and begins it again.");
    yard.start(build);
  }
}

function buildServices(parts: Omit<CloudBuildParts, "definitions">): readonly GrpcService[] {
  const definitions = loadProtoDefinitions("@google-cloud/cloudbuild/build/protos/protos.json");
  const operations = buildOperations({ definitions, registry: parts.registry });
  return [cloudBuildService({ ...parts, definitions }), operationsService(definitions, [operations])];
}
