import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import type { Operation } from "../grpc/operations-service.ts";
import { invalidArgument, RpcError } from "../grpc/rpc-error.ts";
import { nextVersion } from "./control/etag.ts";
import { conflictMessage, RESOURCE_EXISTS } from "./control/messages.ts";
import type { RegionQuotas } from "./control/quotas.ts";
import type { Settlement } from "./control/reconciliation.ts";
import { parentName, parseParent, parseServiceName, serviceName } from "./control/resource-names.ts";
import type { ServiceBody, TrafficTarget } from "./control/resources.ts";
import { superfluousRevisions } from "./control/revision-retention.ts";
import type { ServiceKey, ServiceState } from "./control/service-records.ts";
import {
  type AcceptedUpdate,
  decideCreate,
  decideUpdate,
  staleEtag,
  type UpdateContext,
  type UpdateDecision,
} from "./control/service-update.ts";
import { validateServiceId } from "./control/service-validation.ts";
import { serviceView } from "./control/service-view.ts";
import type { AddressBook } from "./data/address-book.ts";
import type { DataPlane } from "./data/data-plane.ts";
import type { FaultBoard } from "./faults.ts";
import type { OperationLog, OperationRecord } from "./operation-log.ts";
import type { Reconciler } from "./reconciler.ts";
import type { RouteTable } from "./route-table.ts";
import type { ServiceStore } from "./service-store.ts";

export type ControlPlaneOptions = Readonly<{
  store: ServiceStore;
  operations: OperationLog;
  faults: FaultBoard;
  data: DataPlane;
  routes: RouteTable;
  addresses: AddressBook;
  quotas: RegionQuotas;
  now: () => number;
  random: () => number;
}>;

export type CreateRequest = Readonly<{
  parent: string;
  serviceId: string;
  body: ServiceBody;
  validateOnly: boolean;
}>;

export type UpdateRequest = Readonly<{
  body: ServiceBody;
  /** Empty: a full replacement. */
  paths: readonly string[];
  validateOnly: boolean;
  allowMissing: boolean;
}>;

/** NOT_FOUND (5) for a service or revision. */
export function notFound(resource: string): RpcError {
  return new RpcError(status.NOT_FOUND, `Resource '${resource}' was not found.`);
}

function parseKey(name: string): ServiceKey {
  const key = parseServiceName(name);
  if (key !== null) return key;
  throw invalidArgument([{ field: "name", description: "must be projects/*/locations/*/services/*" }]);
}

/** The writes and reads of services. Every accepted write answers at once with an operation; the reconciler carries it out. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #reconciler: Reconciler;

  constructor(options: ControlPlaneOptions, reconciler: Reconciler) {
    this.#options = options;
    this.#reconciler = reconciler;
  }

  /** The API's view of a state. */
  viewOf(state: ServiceState): object {
    return serviceView(state.record, this.#options.addresses.addressesOf(state.record.key));
  }

  getService(name: string): object {
    const { store, faults } = this.#options;
    const key = parseKey(name);
    const isStale = store.find(key) !== null && faults.take("stale-read", key.service) !== null;
    const state = isStale ? store.findStale(key) : store.find(key);
    if (state === null) throw notFound(name);
    return this.viewOf(state);
  }

  async createService(request: CreateRequest): Promise<Operation> {
    const parent = parseParent(request.parent);
    if (parent === null)
      throw invalidArgument([{ field: "parent", description: "must be projects/*/locations/*" }]);
    if (request.body.name)
      throw invalidArgument([
        { field: "service.name", description: "must be empty when creating a service" },
      ]);
    const violations = validateServiceId(request.serviceId);
    if (violations.length > 0) throw invalidArgument(violations);
    const key = { ...parent, service: request.serviceId };
    const decide = (): UpdateDecision =>
      this.#options.store.find(key) === null
        ? decideCreate(key, request.body, this.#context(key))
        : { ok: false, error: new RpcError(status.ALREADY_EXISTS, RESOURCE_EXISTS) };
    return this.#commit(key, decide, request);
  }

  async updateService(request: UpdateRequest): Promise<Operation> {
    const name = request.body.name ?? "";
    const key = parseKey(name);
    if (this.#options.store.find(key) === null) {
      if (!request.allowMissing) throw notFound(name);
      const { name: _known, ...body } = request.body;
      const serviceId = key.service;
      return this.createService({
        parent: parentName(key),
        serviceId,
        body,
        validateOnly: request.validateOnly,
      });
    }
    const isInterruptible = !request.validateOnly;
    const decide = (): UpdateDecision => this.#decideUpdate(key, request, { isInterruptible });
    const operation = await this.#commit(key, decide, request);
    if (isInterruptible && this.#options.faults.take("update-times-out-but-applied", key.service) !== null)
      throw new RpcError(status.DEADLINE_EXCEEDED, "Deadline Exceeded");
    return operation;
  }

  /** A write by somebody else, past every client of the test: no etag, only the traffic. No fault strikes it. */
  async humanSetsTraffic(key: ServiceKey, traffic: readonly TrafficTarget[]): Promise<void> {
    const request = { body: { name: serviceName(key), traffic }, paths: ["traffic"] };
    const decide = (): UpdateDecision => this.#decideUpdate(key, request, { isInterruptible: false });
    await this.#commit(key, decide, { validateOnly: false });
  }

  async deleteService(
    request: Readonly<{ name: string; etag: string; validateOnly: boolean }>,
  ): Promise<Operation> {
    const { store, data, routes, addresses, operations } = this.#options;
    const key = parseKey(request.name);
    const state = store.find(key);
    if (state === null) throw notFound(request.name);
    const stale = staleEtag(state.record, request.etag);
    if (stale !== null) throw stale;
    const operation = this.#startOperation(state);
    if (request.validateOnly) return operation;
    const response = this.viewOf(state);
    store.remove(key);
    routes.remove(key);
    await Promise.all(state.revisions.map(({ name }) => data.remove(key, name)));
    await addresses.remove(key);
    operations.finish(key, { ok: true, response });
    return operation;
  }

  /** Tells every open operation of the service how its write ended, and lets the oldest unused revisions go. */
  onSettled(state: ServiceState, settlement: Settlement): void {
    const { operations, quotas } = this.#options;
    const { key } = state.record;
    const view = this.viewOf(state);
    if (settlement.ok) operations.finish(key, { ok: true, response: view });
    else {
      const { code, message } = settlement;
      operations.finish(key, { ok: false, code, message, metadata: view });
    }
    for (const name of superfluousRevisions(state, quotas.revisionsPerService)) this.#dropRevision(key, name);
  }

  #dropRevision(key: ServiceKey, name: string): void {
    const { store, data } = this.#options;
    store.change(key, (state) => ({
      ...state,
      revisions: state.revisions.filter((revision) => revision.name !== name),
    }));
    data.remove(key, name).catch(() => undefined);
  }

  #context({ service }: ServiceKey): UpdateContext {
    const { now, random, faults } = this.#options;
    const isLowered = faults.peek("gpu-quota-lowered", service) !== null;
    const lowered = isLowered ? { gpus: 0, gpusWithZonalRedundancy: 0 } : {};
    return { now: now(), newUid: randomUUID, random, quotas: { ...this.#options.quotas, ...lowered } };
  }

  #decideUpdate(
    key: ServiceKey,
    request: Pick<UpdateRequest, "body" | "paths">,
    { isInterruptible }: Readonly<{ isInterruptible: boolean }>,
  ): UpdateDecision {
    const state = this.#options.store.find(key);
    if (state === null) return { ok: false, error: notFound(serviceName(key)) };
    const decision = decideUpdate(state, request, this.#context(key));
    const interruption = decision.ok && isInterruptible ? this.#interruption(state) : null;
    return interruption === null ? decision : { ok: false, error: interruption };
  }

  /** The faults that strike between the check of a write and the write itself. */
  #interruption(state: ServiceState): RpcError | null {
    const { faults, store, now } = this.#options;
    const { record } = state;
    if (faults.take("update-times-out-not-applied", record.key.service) !== null)
      return new RpcError(status.DEADLINE_EXCEEDED, "Deadline Exceeded");
    if (faults.take("update-conflicts", record.key.service) === null) return null;
    const version = nextVersion(now(), record.version);
    store.change(record.key, (latest) => ({ ...latest, record: { ...latest.record, version } }));
    if (record.reconciling) this.#reconciler.begin(record.key, null);
    const message = conflictMessage(record.key.service, String(record.version), String(version));
    return new RpcError(status.ABORTED, message);
  }

  /**
   * Decides, opens the addresses that the write needs, and decides again on the state as it is by then: check and write are
   * one step, and nobody sees a service without its addresses.
   */
  async #commit(
    key: ServiceKey,
    decide: () => UpdateDecision,
    { validateOnly }: Readonly<{ validateOnly: boolean }>,
  ): Promise<Operation> {
    const intended = decide();
    if (!intended.ok) throw intended.error;
    if (validateOnly) return this.#validatedOperation(intended);
    const tags = (intended.state.record.spec.traffic ?? []).flatMap(({ tag }) => (tag ? [tag] : []));
    await this.#options.addresses.open(key, tags);
    const decision = decide();
    if (!decision.ok) throw decision.error;
    this.#options.store.write(decision.state);
    const operation = this.#startOperation(decision.state);
    this.#reconciler.begin(key, decision.created);
    return operation;
  }

  #operationRecord(state: ServiceState): OperationRecord {
    const { key } = state.record;
    const name = `${parentName(key)}/operations/${randomUUID()}`;
    const metadata = this.viewOf(state);
    return { name, key, subject: "service", metadata, isStuck: false, isLost: false, outcome: null };
  }

  #startOperation(state: ServiceState): Operation {
    const { faults, operations } = this.#options;
    const { service } = state.record.key;
    const isStuck = faults.take("operation-never-completes", service) !== null;
    const isLost = faults.take("operation-lost", service) !== null;
    return operations.add({ ...this.#operationRecord(state), isStuck, isLost });
  }

  #validatedOperation({ state }: AcceptedUpdate): Operation {
    const record = this.#operationRecord(state);
    const outcome = { ok: true, response: record.metadata } as const;
    return this.#options.operations.add({ ...record, outcome });
  }
}
