import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type GrpcService, startGrpcServer } from "../grpc/grpc-server.ts";
import { operationsService } from "../grpc/operations-service.ts";
import { loadProtoDefinitions } from "../grpc/proto-definitions.ts";
import type { ImageSource } from "../images/process-image.ts";
import { answerAdmin } from "./admin.ts";
import { type Assembly, assemble } from "./assembly.ts";
import { DEFAULT_QUOTAS, type RegionQuotas } from "./control/quotas.ts";
import { settle } from "./control/reconciliation.ts";
import { parseServiceName, revisionName } from "./control/resource-names.ts";
import type { TrafficTarget } from "./control/resources.ts";
import type { ServiceKey } from "./control/service-records.ts";
import type { LogLine, RevisionActivity } from "./data/data-plane.ts";
import { refuse } from "./data/forward.ts";
import type { InstanceDescription } from "./data/instance.ts";
import type { RequestLogEntry, RequestStats } from "./data/request-log.ts";
import type { ActiveFault, CloudRunFault, CloudRunFaultName } from "./faults.ts";
import { IamPolicies } from "./iam-policies.ts";
import { runApi } from "./run-api.ts";
import { type CloudRunTimings, DEFAULT_TIMINGS } from "./timings.ts";

export type CloudRunOptions = Readonly<{
  images: ImageSource;
  /** 0, the default, takes a free port. */
  grpcPort?: number;
  proxyPort?: number;
  host?: string;
  quotas?: Partial<RegionQuotas>;
  timings?: Partial<CloudRunTimings>;
  /** Where services and revisions outlive a restart; null, the default, keeps them in memory. */
  stateDirectory?: string | null;
  /** Chooses among revisions by weight; for tests that need the same choice every time. */
  random?: () => number;
  log?: (line: string) => void;
}>;

/** Switches faults while the cloud runs. Services are short names. */
type CloudRunFaults = Readonly<{
  set(fault: CloudRunFault): void;
  clear(name?: CloudRunFaultName, service?: string): void;
  list(): readonly ActiveFault[];
  /** A write by a person in the console: only the traffic, without an etag. @throws RpcError as UpdateService would. */
  humanSetsTraffic(write: Readonly<{ service: string; traffic: readonly TrafficTarget[] }>): Promise<void>;
}>;

export type CloudRun = Readonly<{
  grpc: Readonly<{ host: string; port: number }>;
  proxy: Readonly<{ host: string; port: number }>;
  faults: CloudRunFaults;
  /** What the instances of a revision wrote, oldest first. The service by short or full name, the revision by short name. */
  logs(service: string, revision: string): readonly LogLine[];
  requests(service: string, revision: string): readonly RequestLogEntry[];
  stats(service: string, revision: string): RequestStats;
  /** The instances that start, run or stop, with their memory and how long their start took. */
  instances(service: string, revision: string): readonly InstanceDescription[];
  /** Every revision that was used, with the processes that it has now. */
  activity(): readonly RevisionActivity[];
  /** Calls back after each request that a revision, or the proxy on its behalf, answered; the answer ends that. */
  onRequest(listener: (entry: RequestLogEntry) => void): () => void;
  /** Stops every instance and server; state is on disk when it resolves. */
  close(): Promise<void>;
}>;

const PROTOS = "@google-cloud/run/build/protos/protos.json";

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address: AddressInfo | string | null = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

function keyOf({ store }: Assembly, name: string): ServiceKey {
  const keys = store.all().map(({ record }) => record.key);
  const key = parseServiceName(name) ?? keys.find(({ service }) => service === name);
  if (key === undefined) throw new Error(`the local Cloud Run has no service ${name}`);
  return key;
}

function sharedProxy(parts: Assembly): Server {
  const admin = {
    faults: parts.faults,
    setTraffic: (service: string, traffic: readonly TrafficTarget[]) =>
      parts.control.humanSetsTraffic(keyOf(parts, service), traffic),
    logs: (service: string, revision: string) => parts.data.logs(keyOf(parts, service), revision),
  };
  return createServer((incoming, response) => {
    if (parts.proxy.answerShared(incoming, response)) return;
    if (incoming.url?.startsWith("/_cloud/run/")) return answerAdmin(admin, incoming, response);
    refuse(response, 404, "No service of the local Cloud Run answers here.");
  });
}

/** Opens what an earlier run left and goes on with what it had not finished. */
async function resume({ store, addresses, routes, reconciler }: Assembly): Promise<void> {
  for (const state of store.all()) {
    const { key, effective, reconciling } = state.record;
    await addresses.open(
      key,
      effective.flatMap(({ tag }) => (tag === "" ? [] : [tag])),
    );
    const settlement = settle(state, null);
    const targets = !reconciling && settlement.ok ? settlement.effective : effective;
    routes.move(key, targets, 0);
    if (targets !== effective)
      store.change(key, (latest) => ({ ...latest, record: { ...latest.record, effective: targets } }));
    if (reconciling) reconciler.begin(key, null);
    else reconciler.keepMinimums(state, targets).catch(() => undefined);
  }
}

function faultsOf(parts: Assembly): CloudRunFaults {
  const { faults, control } = parts;
  return {
    set: (fault) => faults.set(fault),
    clear: (name, service) => faults.clear(name, service),
    list: () => faults.list(),
    humanSetsTraffic: async ({ service, traffic }) =>
      control.humanSetsTraffic(keyOf(parts, service), traffic),
  };
}

function servicesOf(
  parts: Assembly,
  definitions: Parameters<typeof operationsService>[0],
): readonly GrpcService[] {
  const policies = new IamPolicies();
  return [...runApi({ ...parts, definitions, policies }), operationsService(definitions, [parts.operations])];
}

type Reading = Pick<CloudRun, "logs" | "requests" | "stats" | "instances" | "activity" | "onRequest">;

function readingOf(parts: Assembly): Reading {
  return {
    logs: (service, revision) => parts.data.logs(keyOf(parts, service), revision),
    requests: (service, revision) => parts.requests.entries(revisionName(keyOf(parts, service), revision)),
    stats: (service, revision) => parts.requests.stats(revisionName(keyOf(parts, service), revision)),
    activity: () => parts.data.activity(),
    onRequest: (listener) => parts.requests.listen(listener),
    instances: (service, revision) => parts.data.instances(keyOf(parts, service), revision),
  };
}

/**
 * Starts a local Cloud Run: the v2 API over plaintext gRPC, and a proxy in front of revisions that run as child processes.
 * Resolves when both answer. @throws Error when a port is taken or the state directory cannot be used.
 */
export async function startCloudRun(options: CloudRunOptions): Promise<CloudRun> {
  const { host = "127.0.0.1", grpcPort = 0, proxyPort = 0, stateDirectory = null } = options;
  const { random = Math.random, log = () => undefined } = options;
  const definitions = loadProtoDefinitions(PROTOS);
  const listening = { proxyPort };
  const parts = assemble({
    definitions,
    images: options.images,
    host,
    quotas: { ...DEFAULT_QUOTAS, ...options.quotas },
    timings: { ...DEFAULT_TIMINGS, ...options.timings },
    stateDirectory,
    random,
    log,
    proxyPort: () => listening.proxyPort,
  });
  const proxy = sharedProxy(parts);
  listening.proxyPort = await listen(proxy, host, proxyPort);
  const stop = async (): Promise<void> => {
    parts.reconciler.close();
    proxy.closeAllConnections();
    proxy.close();
    await Promise.all([parts.addresses.close(), parts.data.close()]);
    parts.reaper.close();
    parts.file.flush();
  };
  await resume(parts);
  const services = servicesOf(parts, definitions);
  const grpc = await startGrpcServer({ host, port: grpcPort, services }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const close = async (): Promise<void> => {
    await grpc.close();
    await stop();
  };
  return {
    grpc: { host, port: grpc.port },
    proxy: { host, port: listening.proxyPort },
    faults: faultsOf(parts),
    ...readingOf(parts),
    close,
  };
}
