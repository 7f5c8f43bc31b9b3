import type { RequestListener } from "node:http";
import { packerOfResponse } from "../grpc/packed-message.ts";
import type { ProtoDefinitions } from "../grpc/proto-definitions.ts";
import type { ImageSource } from "../images/process-image.ts";
import type { RegionQuotas } from "./control/quotas.ts";
import type { Settlement } from "./control/reconciliation.ts";
import type { ServiceKey, ServiceState } from "./control/service-records.ts";
import { ControlPlane } from "./control-plane.ts";
import { AddressBook, type Destination } from "./data/address-book.ts";
import { DataPlane } from "./data/data-plane.ts";
import { ProcessReaper } from "./data/process-reaper.ts";
import { RequestLog } from "./data/request-log.ts";
import { RequestProxy } from "./data/request-proxy.ts";
import { FaultBoard } from "./faults.ts";
import { OperationLog } from "./operation-log.ts";
import { Reconciler } from "./reconciler.ts";
import { RevisionCatalogue } from "./revision-catalogue.ts";
import { RouteTable } from "./route-table.ts";
import { ServiceStore } from "./service-store.ts";
import { StateFile } from "./state-file.ts";
import type { CloudRunTimings } from "./timings.ts";

export type AssemblyOptions = Readonly<{
  definitions: ProtoDefinitions;
  images: ImageSource;
  host: string;
  quotas: RegionQuotas;
  timings: CloudRunTimings;
  stateDirectory: string | null;
  random: () => number;
  log: (line: string) => void;
  proxyPort: () => number;
}>;

/** The parts of the local Cloud Run, put together; nothing listens yet. */
export type Assembly = Readonly<{
  store: ServiceStore;
  operations: OperationLog;
  faults: FaultBoard;
  routes: RouteTable;
  data: DataPlane;
  addresses: AddressBook;
  proxy: RequestProxy;
  requests: RequestLog;
  control: ControlPlane;
  revisions: RevisionCatalogue;
  reconciler: Reconciler;
  reaper: ProcessReaper;
  file: StateFile;
}>;

const SERVICES = "google.cloud.run.v2.Services";
const REVISIONS = "google.cloud.run.v2.Revisions";

function packersOf(definitions: ProtoDefinitions) {
  const service = packerOfResponse(definitions, {
    service: SERVICES,
    method: "GetService",
    type: "google.cloud.run.v2.Service",
  });
  const revision = packerOfResponse(definitions, {
    service: REVISIONS,
    method: "GetRevision",
    type: "google.cloud.run.v2.Revision",
  });
  return { service, revision };
}

type Memory = Pick<Assembly, "store" | "operations" | "addresses" | "file">;

/** What is kept over a restart, each part announcing its changes to the one file. */
function remember(options: AssemblyOptions, listener: (to: Destination) => RequestListener): Memory {
  const file = new StateFile(options.stateDirectory);
  const saved = file.load();
  const onChange = (): void =>
    file.save(() => ({
      version: 1,
      services: store.all(),
      operations: operations.records(),
      ports: addresses.ports(),
    }));
  const store = new ServiceStore(saved.services, onChange);
  const packers = packersOf(options.definitions);
  const operations = new OperationLog({ packers, onChange, records: saved.operations });
  const { host, proxyPort } = options;
  const addresses = new AddressBook({ host, ports: saved.ports, proxyPort, listener, onChange });
  return { store, operations, addresses, file };
}

/** Puts the parts together and reads what an earlier run left. */
export function assemble(options: AssemblyOptions): Assembly {
  const { images, timings, quotas, random, log } = options;
  const now = Date.now;
  const faults = new FaultBoard();
  const reaper = new ProcessReaper();
  const requests = new RequestLog();
  const routes = new RouteTable(random, faults);
  const memory = remember(options, (destination) => proxy.listenerFor(destination));
  const { store } = memory;
  const stateOf = (key: ServiceKey): ServiceState | null => store.find(key);
  const isGpuExhausted = ({ service }: ServiceKey): boolean => faults.take("gpu-capacity", service) !== null;
  const isGpuWithheld = ({ service }: ServiceKey): boolean =>
    faults.take("gpu-not-allocated", service) !== null;
  const gpus = { isGpuExhausted, isGpuWithheld };
  const data = new DataPlane({ images, timings, quotas, reaper, now, stateOf, ...gpus, log });
  const keys = (): readonly ServiceKey[] => store.all().map(({ record }) => record.key);
  const proxy = new RequestProxy({ data, routes, requests, now, stateOf, keys });
  const onSettled = (state: ServiceState, settlement: Settlement): void =>
    control.onSettled(state, settlement);
  const reconciler = new Reconciler({ store, data, routes, faults, timings, now, onSettled });
  const parts = { ...memory, faults, data, routes };
  const control = new ControlPlane({ ...parts, quotas, now, random }, reconciler);
  const revisions = new RevisionCatalogue(parts);
  return { ...parts, proxy, requests, control, revisions, reconciler, reaper };
}
