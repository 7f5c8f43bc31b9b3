import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import type { Operation } from "../grpc/operations-service.ts";
import { RpcError } from "../grpc/rpc-error.ts";
import { type Page, type PageRequest, pageOf } from "./control/page.ts";
import { parentName, parseRevisionName, parseServiceName } from "./control/resource-names.ts";
import { deletionObstacle } from "./control/revision-retention.ts";
import { revisionView } from "./control/revision-view.ts";
import {
  findRevision,
  type RevisionRecord,
  type ServiceKey,
  type ServiceState,
} from "./control/service-records.ts";
import { minimumInstances } from "./control/traffic.ts";
import { notFound } from "./control-plane.ts";
import type { DataPlane } from "./data/data-plane.ts";
import type { OperationLog } from "./operation-log.ts";
import type { ServiceStore } from "./service-store.ts";

export type RevisionCatalogueOptions = Readonly<{
  store: ServiceStore;
  operations: OperationLog;
  data: DataPlane;
}>;

function viewOf(state: ServiceState, revision: RevisionRecord): object {
  const minimum = minimumInstances(state, state.record.effective).get(revision.name) ?? 0;
  return revisionView(state, revision, minimum);
}

/** Reads and deletes revisions; only a new template creates them. */
export class RevisionCatalogue {
  readonly #options: RevisionCatalogueOptions;

  constructor(options: RevisionCatalogueOptions) {
    this.#options = options;
  }

  get(name: string): object {
    const { state, revision } = this.#find(name);
    return viewOf(state, revision);
  }

  /** Newest first. */
  list(parent: string, request: PageRequest): Page<object> {
    const key = parseServiceName(parent);
    const state = key === null ? null : this.#options.store.find(key);
    if (state === null) throw notFound(parent);
    const page = pageOf([...state.revisions].reverse(), request);
    return { ...page, items: page.items.map((revision) => viewOf(state, revision)) };
  }

  async delete(name: string, validateOnly: boolean): Promise<Operation> {
    const { store, data, operations } = this.#options;
    const { key, state, revision } = this.#find(name);
    const obstacle = deletionObstacle(state, revision);
    if (obstacle !== null) throw new RpcError(status.FAILED_PRECONDITION, obstacle);
    const response = viewOf(state, revision);
    if (!validateOnly) {
      const revisions = state.revisions.filter((other) => other.name !== revision.name);
      store.replace({ ...state, revisions });
      await data.remove(key, revision.name);
    }
    return operations.add({
      name: `${parentName(key)}/operations/${randomUUID()}`,
      key,
      subject: "revision",
      metadata: response,
      isStuck: false,
      isLost: false,
      outcome: { ok: true, response },
    });
  }

  #find(name: string): Readonly<{ key: ServiceKey; state: ServiceState; revision: RevisionRecord }> {
    const parsed = parseRevisionName(name);
    const state = parsed === null ? null : this.#options.store.find(parsed.key);
    const revision = parsed === null || state === null ? undefined : findRevision(state, parsed.revision);
    if (parsed === null || state === null || revision === undefined) throw notFound(name);
    return { key: parsed.key, state, revision };
  }
}

/** The service that a resource name of any kind is about, for faults; an empty text when it names none. */
export function serviceOf(name: string): string {
  const key = parseServiceName(name) ?? parseRevisionName(name)?.key;
  return key === undefined || key === null ? "" : key.service;
}
