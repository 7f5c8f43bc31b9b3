import type { RevisionName, ServiceKey } from "../../domain/ids.ts";
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
import type { RunClients } from "./connect-run.ts";
import { parentPath, revisionPath, servicePath } from "./resource-names.ts";
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
  /** Like `create` and `update`, but nothing is written: Cloud Run only says what it thinks of it. */
  tryCreate: (service: ServiceKey, body: IService) => Promise<WriteResult>;
  tryUpdate: (
    service: ServiceKey,
    body: IService,
    paths: readonly [string, ...string[]],
  ) => Promise<WriteResult>;
}>;

type Clients = (region: string) => Promise<RunClients>;

const pageSize = 100;
const maxPages = 20; // Cloud Run keeps at most 1,000 revisions of a service

/** The API over the real client libraries. */
export function createRunApi({
  clients,
  clock,
  settings,
}: Readonly<{ clients: Clients; clock: Clock; settings: CallSettings }>): RunApi {
  const caller: Caller = { api: "run", clock, settings };
  const of = (service: ServiceKey): Promise<RunClients> => clients(partsOf(service).region);
  return {
    service: (service) =>
      readCall(caller, {
        doing: `read service ${service}`,
        send: async (timeout) => {
          const { services } = await of(service);
          const [found] = await services.getService(
            { name: servicePath(partsOf(service)) },
            callOptions(timeout),
          );
          return found;
        },
      }),
    revision: (service, revision) =>
      readCall(caller, {
        doing: `read revision ${revision} of ${service}`,
        send: async (timeout) => {
          const { revisions } = await of(service);
          const name = revisionPath(partsOf(service), revision);
          const [found] = await revisions.getRevision({ name }, callOptions(timeout));
          return found;
        },
      }),
    revisions: (service) => listRevisions(caller, of, service),
    ...writes(caller, of),
  };
}

type ClientsOf = (service: ServiceKey) => Promise<RunClients>;

type Writes = Pick<RunApi, "create" | "update" | "remove" | "tryCreate" | "tryUpdate">;
type Send = (timeout: number) => Promise<unknown>;

function writes(caller: Caller, of: ClientsOf): Writes {
  const write = async (doing: string, send: Send): Promise<WriteResult> =>
    writeResultOf(await writeCall(caller, { doing, send }));
  return {
    create: (service, body) => write(`create service ${service}`, creation(of, service, body)),
    update: (service, body, paths) =>
      write(`update service ${service}`, change(of, service, { body, paths })),
    tryCreate: (service, body) =>
      write(`try the creation of ${service}`, creation(of, service, body, { validateOnly: true })),
    tryUpdate: (service, body, paths) =>
      write(`try an update of ${service}`, change(of, service, { body, paths }, { validateOnly: true })),
    remove: (service, etag) =>
      write(`delete service ${service}`, async (timeout) => {
        const { services } = await of(service);
        const request = { name: servicePath(partsOf(service)), etag };
        const [operation] = await services.deleteService(request, callOptions(timeout));
        return operation.metadata;
      }),
  };
}

type Trial = Readonly<{ validateOnly?: true }>;

function creation(of: ClientsOf, service: ServiceKey, body: IService, trial: Trial = {}): Send {
  return async (timeout) => {
    const { services } = await of(service);
    const { name: serviceId } = partsOf(service);
    const request = { parent: parentPath(partsOf(service)), serviceId, service: body, ...trial };
    const [operation] = await services.createService(request, callOptions(timeout));
    return operation.metadata;
  };
}

type Update = Readonly<{ body: IService; paths: readonly [string, ...string[]] }>;

function change(of: ClientsOf, service: ServiceKey, { body, paths }: Update, trial: Trial = {}): Send {
  return async (timeout) => {
    const { services } = await of(service);
    const named = { ...body, name: servicePath(partsOf(service)) };
    const request = { service: named, updateMask: { paths: [...paths] }, ...trial };
    const [operation] = await services.updateService(request, callOptions(timeout));
    return operation.metadata;
  };
}

async function listRevisions(
  caller: Caller,
  of: ClientsOf,
  service: ServiceKey,
): Promise<readonly IRevision[]> {
  const all: IRevision[] = [];
  let pageToken = "";
  for (let page = 0; page < maxPages; page += 1) {
    const request = { parent: servicePath(partsOf(service)), pageSize, pageToken };
    const send = async (timeout: number): Promise<Readonly<{ found: IRevision[]; next: string }>> => {
      const { revisions } = await of(service);
      const options = { ...callOptions(timeout), autoPaginate: false };
      const [found, , raw] = await revisions.listRevisions(request, options);
      return { found, next: raw?.nextPageToken ?? "" };
    };
    const answer = await readCall(caller, { doing: `list the revisions of ${service}`, send });
    all.push(...(answer?.found ?? []));
    pageToken = answer?.next ?? "";
    if (pageToken === "") break;
  }
  return all.sort((left, right) => createdAtOf(right) - createdAtOf(left));
}

function writeResultOf(answer: WriteAnswer<unknown>): WriteResult {
  if (!answer.ok) return { kind: answer.kind, message: answer.message };
  return { kind: "accepted", generation: writtenGeneration(answer.value) };
}

/** The metadata of the operation is the service as written (`operation_info` of UpdateService, service.proto). */
function writtenGeneration(metadata: unknown): number | null {
  if (typeof metadata !== "object" || metadata === null || !("generation" in metadata)) return null;
  const generation = generationOf(metadata);
  return generation > 0 ? generation : null;
}
