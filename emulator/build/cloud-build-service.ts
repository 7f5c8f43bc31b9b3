import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { type GrpcService, unary } from "../grpc/grpc-server.ts";
import type { Operation, OperationSource } from "../grpc/operations-service.ts";
import type { PackedMessage } from "../grpc/packed-message.ts";
import { type ProtoDefinitions, serviceDefinition } from "../grpc/proto-definitions.ts";
import { RpcError } from "../grpc/rpc-error.ts";
import { parseBuildFilter } from "./build-filter.ts";
import type { BuildFaults } from "./build-notifier.ts";
import type { BuildRegistry } from "./build-registry.ts";
import { acceptedBuild, type BuildRequest } from "./build-request.ts";
import { type Build, isFinished } from "./build-resource.ts";
import type { BuildYard } from "./build-yard.ts";

const api = "google.devtools.cloudbuild.v1";
const buildsPerPage = 50;

/** What the API needs to answer. */
export type CloudBuildParts = Readonly<{
  definitions: ProtoDefinitions;
  registry: BuildRegistry;
  yard: BuildYard;
  faults: BuildFaults;
  projectNumber: string;
  logUrl: (buildId: string) => string;
}>;

type Named = Readonly<{ projectId?: string; parent?: string; id?: string; name?: string }>;
type CreateRequest = Named & Readonly<{ build?: BuildRequest }>;
type ListRequest = Named & Readonly<{ filter?: string; pageSize?: number; pageToken?: string }>;

/** `google.devtools.cloudbuild.v1.CloudBuild`: Create, Get, List, Cancel and Retry. */
export function cloudBuildService(parts: CloudBuildParts): GrpcService {
  const operation = buildOperations(parts).of;
  return {
    definition: serviceDefinition(parts.definitions, `${api}.CloudBuild`),
    implementation: {
      CreateBuild: unary((request: CreateRequest) =>
        reachable(parts, async () => operation(await createBuild(parts, request))),
      ),
      GetBuild: unary((request: Named) => reachable(parts, () => findBuild(parts, request))),
      ListBuilds: unary((request: ListRequest) => reachable(parts, () => listBuilds(parts, request))),
      CancelBuild: unary((request: Named) => reachable(parts, () => cancelBuild(parts, request))),
      RetryBuild: unary((request: Named) =>
        reachable(parts, async () => {
          const { projectId, ...build } = findBuild(parts, request);
          const parent = `projects/${projectId}/locations/${placeIn(build.name ?? "")}`;
          return operation(await createBuild(parts, { projectId, parent, build }));
        }),
      ),
    },
  };
}

function reachable<Answer>({ faults }: CloudBuildParts, answer: () => Answer): Answer {
  if (faults.take("unavailable") !== null)
    throw new RpcError(status.UNAVAILABLE, "The service is currently unavailable.");
  return answer();
}

async function createBuild(parts: CloudBuildParts, request: CreateRequest): Promise<Build> {
  const { registry, yard, faults, projectNumber, logUrl } = parts;
  const { projectId, location } = placeOf(request);
  if (faults.take("queue-full") !== null)
    throw new RpcError(
      status.RESOURCE_EXHAUSTED,
      "Quota exceeded: too many builds are queued in this project and region.",
    );
  const id = randomUUID();
  const build = acceptedBuild(request.build ?? {}, {
    id,
    projectId,
    location,
    projectNumber,
    logUrl: logUrl(id),
  });
  await registry.put(build);
  yard.start(build);
  if (faults.take("create-times-out-but-accepted") !== null)
    throw new RpcError(status.DEADLINE_EXCEEDED, "Deadline exceeded");
  return build;
}

function findBuild({ registry }: CloudBuildParts, request: Named): Build {
  const build = registry.get(request.id ?? request.name?.split("/").at(-1) ?? "");
  const projectId = request.projectId ?? request.name?.split("/")[1] ?? "";
  const location = request.name === undefined || request.name === "" ? "global" : placeIn(request.name);
  if (build === null || (projectId !== "" && build.projectId !== projectId) || locationOf(build) !== location)
    throw new RpcError(status.NOT_FOUND, "Requested entity was not found.");
  return build;
}

function listBuilds(parts: CloudBuildParts, request: ListRequest): object {
  const { projectId, location } = placeOf(request);
  const test = parseBuildFilter(request.filter ?? "");
  if (test === null) throw new RpcError(status.INVALID_ARGUMENT, `invalid list filter: ${request.filter}`);
  const found = parts.registry
    .all()
    .filter((build) => build.projectId === projectId && locationOf(build) === location && test(build));
  const from = Number(request.pageToken ?? 0) || 0;
  const to = from + (request.pageSize || buildsPerPage);
  return { builds: found.slice(from, to), ...(to < found.length ? { nextPageToken: String(to) } : {}) };
}

async function cancelBuild(parts: CloudBuildParts, request: Named): Promise<Build> {
  const build = findBuild(parts, request);
  if (isFinished(build) || !(await parts.yard.cancel(build.id)))
    throw new RpcError(status.FAILED_PRECONDITION, `build ${build.id} is already finished (${build.status})`);
  return findBuild(parts, request);
}

function placeOf(request: Named): { projectId: string; location: string } {
  const [, project] = request.parent?.split("/") ?? [];
  const projectId = request.projectId ?? project ?? "";
  if (projectId === "") throw new RpcError(status.INVALID_ARGUMENT, "project_id is required");
  return { projectId, location: placeIn(request.parent ?? "") };
}

/** A build is of one region, and unknown in every other. */
function locationOf({ name = "" }: Build): string {
  return placeIn(name);
}

function placeIn(name: string): string {
  return name.split("/")[3] ?? "global";
}

const rpcCodes: Readonly<Record<string, number>> = {
  CANCELLED: status.CANCELLED,
  TIMEOUT: status.DEADLINE_EXCEEDED,
  EXPIRED: status.DEADLINE_EXCEEDED,
  INTERNAL_ERROR: status.INTERNAL,
};

/** The long-running operations of builds, `operations/build/<project>/<base64 of the build id>`. */
export function buildOperations({
  definitions,
  registry,
}: Pick<CloudBuildParts, "definitions" | "registry">): OperationSource & {
  of: (build: Build) => Operation;
} {
  const of = (build: Build): Operation => {
    const name = operationName(build);
    const metadata = pack(definitions, "BuildOperationMetadata", { build });
    if (!isFinished(build)) return { name, metadata, done: false };
    if (build.status === "SUCCESS")
      return { name, metadata, done: true, response: pack(definitions, "Build", build) };
    const message = build.statusDetail ?? "Build failed; check build logs for details";
    return { name, metadata, done: true, error: { code: rpcCodes[build.status] ?? status.UNKNOWN, message } };
  };
  const buildNamed = (name: string) => {
    const encoded = /^operations\/build\/[^/]+\/(.+)$/.exec(name)?.[1];
    const build = encoded === undefined ? null : registry.get(Buffer.from(encoded, "base64").toString());
    return build !== null && operationName(build) === name ? build : null;
  };
  return {
    of,
    find: (name) => {
      const build = buildNamed(name);
      return build === null ? null : of(build);
    },
    list: (parent) =>
      registry
        .all()
        .filter((build) => operationName(build).startsWith(parent))
        .map(of),
    wait: (name, timeoutMs) => registry.finished(buildNamed(name)?.id ?? "", timeoutMs),
  };
}

function operationName(build: Build): string {
  return `operations/build/${build.projectId}/${Buffer.from(build.id).toString("base64")}`;
}

function pack(definitions: ProtoDefinitions, message: string, value: object): PackedMessage {
  const type = `${api}.${message}`;
  const found = definitions[type];
  if (found === undefined || !("serialize" in found) || typeof found.serialize !== "function")
    throw new Error(`the protos define no message ${type}`);
  return { type_url: `type.googleapis.com/${type}`, value: found.serialize(value) };
}
