import type { RevisionName, ServiceKey } from "../../domain/ids.ts";
import type { Clock } from "../../ports/system.ts";
import { withinDeadline } from "../google/call-deadline.ts";
import { appErrorOf, type RpcFailure, rpcFailureOf } from "../google/rpc-failure.ts";
import type { RunClients } from "./connect-run.ts";
import { parentPath, partsOf, revisionPath, servicePath } from "./resource-names.ts";
import { createdAtOf, generationOf, type IRevision, type IService } from "./service-snapshot.ts";

/**
 * What came of a write. `unknown`: it may have been applied, so read before writing again. `accepted` tells the
 * generation that it made, null when the answer did not say.
 */
export type WriteResult =
  | Readonly<{ kind: "accepted"; generation: number | null }>
  | Readonly<{ kind: "conflict" | "exists" | "not-found" | "unknown" | "refused"; message: string }>;

/** The calls of the Cloud Run Admin API that Gantry makes, each with a deadline, each error in Gantry's words. */
export type RunApi = Readonly<{
  service: (service: ServiceKey) => Promise<IService | null>;
  revision: (service: ServiceKey, revision: RevisionName) => Promise<IRevision | null>;
  /** Newest first. */
  revisions: (service: ServiceKey) => Promise<readonly IRevision[]>;
  create: (service: ServiceKey, body: IService) => Promise<WriteResult>;
  /** `paths` is never empty: an update without a mask replaces the whole service. */
  update: (
    service: ServiceKey,
    body: IService,
    paths: readonly [string, ...string[]],
  ) => Promise<WriteResult>;
  remove: (service: ServiceKey, etag: string) => Promise<WriteResult>;
}>;

export type RunApiSettings = Readonly<{
  callTimeoutMs: number; // of each single call
  readAttempts: number; // 1-based; reads are tried again, writes never
  retryMs: number; // between two tries of a read
}>;

type Context = Readonly<{
  clients: (region: string) => Promise<RunClients>;
  clock: Clock;
  settings: RunApiSettings;
}>;

const never = new AbortController().signal;
const pageSize = 100;
const maxPages = 20; // Cloud Run keeps at most 1,000 revisions of a service

/** The API over the real client libraries. */
export function createRunApi(context: Context): RunApi {
  return {
    service: (service) =>
      read(context, `read service ${service}`, async (timeout) => {
        const { services } = await context.clients(partsOf(service).region);
        const [found] = await services.getService(
          { name: servicePath(partsOf(service)) },
          callOptions(timeout),
        );
        return found;
      }),
    revision: (service, revision) =>
      read(context, `read revision ${revision} of ${service}`, async (timeout) => {
        const { revisions } = await context.clients(partsOf(service).region);
        const name = revisionPath(partsOf(service), revision);
        const [found] = await revisions.getRevision({ name }, callOptions(timeout));
        return found;
      }),
    revisions: (service) => listRevisions(context, service),
    ...writes(context),
  };
}

function writes(context: Context): Pick<RunApi, "create" | "update" | "remove"> {
  return {
    create: (service, body) =>
      write(context, `create service ${service}`, async (timeout) => {
        const { region, name: serviceId } = partsOf(service);
        const { services } = await context.clients(region);
        const request = { parent: parentPath(partsOf(service)), serviceId, service: body };
        const [operation] = await services.createService(request, callOptions(timeout));
        return operation.metadata;
      }),
    update: (service, body, paths) =>
      write(context, `update service ${service}`, async (timeout) => {
        const { services } = await context.clients(partsOf(service).region);
        const named = { ...body, name: servicePath(partsOf(service)) };
        const request = { service: named, updateMask: { paths: [...paths] } };
        const [operation] = await services.updateService(request, callOptions(timeout));
        return operation.metadata;
      }),
    remove: (service, etag) =>
      write(context, `delete service ${service}`, async (timeout) => {
        const { services } = await context.clients(partsOf(service).region);
        const request = { name: servicePath(partsOf(service)), etag };
        const [operation] = await services.deleteService(request, callOptions(timeout));
        return operation.metadata;
      }),
  };
}

/** The client's own retries are off: they have no total time, and a read is tried again here. */
function callOptions(timeout: number): Readonly<{ timeout: number; retry: { retryCodes: number[] } }> {
  return { timeout, retry: { retryCodes: [] } };
}

async function listRevisions(context: Context, service: ServiceKey): Promise<readonly IRevision[]> {
  const all: IRevision[] = [];
  let pageToken = "";
  for (let page = 0; page < maxPages; page += 1) {
    const request = { parent: servicePath(partsOf(service)), pageSize, pageToken };
    const answer = await read(context, `list the revisions of ${service}`, async (timeout) => {
      const { revisions } = await context.clients(partsOf(service).region);
      const options = { ...callOptions(timeout), autoPaginate: false };
      const [found, , raw] = await revisions.listRevisions(request, options);
      return { found, next: raw?.nextPageToken ?? "" };
    });
    all.push(...(answer?.found ?? []));
    pageToken = answer?.next ?? "";
    if (pageToken === "") break;
  }
  return all.sort((left, right) => createdAtOf(right) - createdAtOf(left));
}

/** Null = not found. Throws `AppError` once the tries are used up, and what is no answer of the API as it is. */
async function read<T>(
  { settings, clock }: Context,
  doing: string,
  call: (timeout: number) => Promise<T>,
): Promise<T | null> {
  const { callTimeoutMs: ms, readAttempts, retryMs } = settings;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withinDeadline({ ms, doing, call: () => call(ms) });
    } catch (error) {
      const failure = failureOrThrow(error);
      if (failure.kind === "not-found") return null;
      const mayPass = failure.kind === "unknown" || failure.kind === "busy";
      if (!mayPass || attempt >= readAttempts) throw appErrorOf({ api: "run", failure, doing, cause: error });
      await clock.sleep({ ms: retryMs * attempt, signal: never });
    }
  }
}

/** Throws `AppError` for what leads nowhere (denied) or did nothing and may pass (busy). */
async function write(
  { settings }: Context,
  doing: string,
  call: (timeout: number) => Promise<unknown>,
): Promise<WriteResult> {
  const ms = settings.callTimeoutMs;
  try {
    return {
      kind: "accepted",
      generation: writtenGeneration(await withinDeadline({ ms, doing, call: () => call(ms) })),
    };
  } catch (error) {
    const failure = failureOrThrow(error);
    const { kind, message } = failure;
    if (kind === "denied" || kind === "busy") throw appErrorOf({ api: "run", failure, doing, cause: error });
    return { kind, message };
  }
}

function failureOrThrow(error: unknown): RpcFailure {
  const failure = rpcFailureOf(error);
  if (failure === null) throw error;
  return failure;
}

/** The metadata of the operation is the service as written (`operation_info` of UpdateService, service.proto). */
function writtenGeneration(metadata: unknown): number | null {
  if (typeof metadata !== "object" || metadata === null || !("generation" in metadata)) return null;
  const generation = generationOf(metadata);
  return generation > 0 ? generation : null;
}
