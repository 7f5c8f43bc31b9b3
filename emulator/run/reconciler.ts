import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { warmingConditions } from "./control/conditions.ts";
import {
  failedProbeMessage,
  failedToListenMessage,
  imageMissingMessage,
  READINESS_DEADLINE,
} from "./control/messages.ts";
import {
  awaitedRevisions,
  type Settlement,
  settle,
  settledRecord,
  withHealth,
} from "./control/reconciliation.ts";
import { serviceName } from "./control/resource-names.ts";
import {
  type EffectiveTarget,
  findRevision,
  type RevisionHealth,
  type RevisionRecord,
  type ServiceKey,
  type ServiceState,
} from "./control/service-records.ts";
import { containerPort, ingressContainer } from "./control/template.ts";
import { isAddressable, minimumInstances } from "./control/traffic.ts";
import type { DataPlane } from "./data/data-plane.ts";
import type { StartOutcome } from "./data/instance-pool.ts";
import type { FaultBoard } from "./faults.ts";
import type { RouteTable } from "./route-table.ts";
import type { ServiceStore } from "./service-store.ts";
import type { CloudRunTimings } from "./timings.ts";

const CAPACITY_RETRY_MS = 100;

export type ReconcilerOptions = Readonly<{
  store: ServiceStore;
  data: DataPlane;
  routes: RouteTable;
  faults: FaultBoard;
  timings: CloudRunTimings;
  now: () => number;
  /** Called when a generation is carried out, or has failed, with the state after it. */
  onSettled: (state: ServiceState, settlement: Settlement) => void;
}>;

/** Carries out what was written: proves revisions, moves traffic, and reports what came of it. A newer write takes over. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** The proof of a revision that is going on, by full name: a newer write joins it. */
  readonly #proofs = new Map<string, Promise<void>>();
  /** Revisions that the fault board keeps from ever becoming ready, by uid. */
  readonly #stuck = new Set<string>();
  readonly #closed = new AbortController();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  close(): void {
    this.#closed.abort();
  }

  /** Begins to carry out the service's present generation. Returns at once. */
  begin(key: ServiceKey, created: string | null): void {
    const state = this.#options.store.find(key);
    if (state === null) return;
    const { version } = state.record;
    this.#carryOut(key, version, created ?? this.#stillPending(state)).catch((error: unknown) => {
      if (this.#closed.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#finish(key, version, { ok: false, code: status.INTERNAL, message, isRouteAtFault: true }, 0);
    });
  }

  /** Starts what these targets need at least, and lets the rest go when idle. Resolves when the instances are there. */
  async keepMinimums(state: ServiceState, targets: readonly EffectiveTarget[]): Promise<void> {
    const minimums = minimumInstances(state, targets);
    const { key } = state.record;
    const ready = state.revisions.filter(({ health }) => health.state === "ready");
    if (ready.some((revision) => this.#isShort(key, revision, minimums))) this.#showWarming(key);
    await Promise.all(
      ready.map((revision) =>
        this.#options.data.poolOf(key, revision).setMinimum(minimums.get(revision.name) ?? 0),
      ),
    );
  }

  #isShort(key: ServiceKey, revision: RevisionRecord, minimums: ReadonlyMap<string, number>): boolean {
    return this.#options.data.poolOf(key, revision).size < (minimums.get(revision.name) ?? 0);
  }

  #showWarming(key: ServiceKey): void {
    const { store, now } = this.#options;
    store.change(key, (state) =>
      state.record.reconciling
        ? { ...state, record: { ...state.record, ...warmingConditions(now()) } }
        : state,
    );
  }

  /** A revision of an earlier write that is on its way is waited for as well. */
  #stillPending({ record, revisions }: ServiceState): string | null {
    const latest = revisions.find(({ name }) => name === record.latestCreated);
    if (latest === undefined || latest.health.state !== "pending") return null;
    return this.#stuck.has(latest.uid) ? null : latest.name;
  }

  async #carryOut(key: ServiceKey, version: number, created: string | null): Promise<void> {
    const { store, timings, routes, faults } = this.#options;
    await this.#pause(timings.reconcileMs);
    const before = this.#current(key, version);
    if (before === null) return;
    await Promise.all(awaitedRevisions(before, created).map((revision) => this.#proveOnce(key, revision)));
    const state = this.#current(key, version);
    if (state === null) return;
    const settlement = settle(state, created);
    if (!settlement.ok) return this.#finish(key, version, settlement, 0);
    await this.keepMinimums(state, settlement.effective);
    if (this.#current(key, version) === null) return;
    const lag = faults.take("traffic-lag", key.service);
    if (lag !== null) return this.#finish(key, version, settlement, lag.ms);
    routes.move(key, settlement.effective, timings.trafficLagMs);
    await this.#pause(timings.trafficLagMs);
    store.change(key, (latest) => ({
      ...latest,
      record: { ...latest.record, effective: settlement.effective },
    }));
    this.#finish(key, version, settlement, 0);
    this.#retireUnused(key);
  }

  /** Instances of a revision that nothing leads to any more finish their requests and go. */
  #retireUnused(key: ServiceKey): void {
    const { store, data } = this.#options;
    const state = store.find(key);
    for (const revision of state?.revisions ?? [])
      if (state !== null && !isAddressable(state, revision.name)) data.poolOf(key, revision).retire();
  }

  /** Ends this generation; traffic that still has to follow does so after `lagMs`. */
  #finish(key: ServiceKey, version: number, settlement: Settlement, lagMs: number): void {
    const { store, now, onSettled } = this.#options;
    const state = this.#current(key, version);
    if (state === null) return;
    const settled = { ...state, record: settledRecord(state.record, settlement, now()) };
    store.replace(settled);
    onSettled(settled, settlement);
    if (settlement.ok && lagMs > 0) this.#followLater(settled.record, settlement.effective, lagMs);
  }

  /** Moves traffic some time after the write was done, unless a newer one asks for something else by then. */
  #followLater(
    { key, generation }: ServiceState["record"],
    effective: readonly EffectiveTarget[],
    lagMs: number,
  ): void {
    const { store, routes } = this.#options;
    routes.move(key, effective, lagMs);
    const follow = (): void => {
      if (store.find(key)?.record.generation !== generation) return;
      store.change(key, (state) => ({ ...state, record: { ...state.record, effective } }));
      this.#retireUnused(key);
    };
    this.#pause(lagMs).then(follow, () => undefined);
  }

  /** The state, or null when a newer write has taken over or the service is gone. */
  #current(key: ServiceKey, version: number): ServiceState | null {
    const state = this.#options.store.find(key);
    return state?.record.version === version ? state : null;
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#closed.signal });
  }

  #proveOnce(key: ServiceKey, revision: RevisionRecord): Promise<void> {
    const { health } = revision;
    if (health.state === "ready" || (health.state === "failed" && !health.mayRecover))
      return Promise.resolve();
    const id = `${serviceName(key)}/${revision.name}`;
    const running = this.#proofs.get(id);
    if (running !== undefined) return running;
    const proof = this.#prove(key, revision).finally(() => this.#proofs.delete(id));
    this.#proofs.set(id, proof);
    return proof;
  }

  async #prove(key: ServiceKey, revision: RevisionRecord): Promise<void> {
    const { faults, store, now } = this.#options;
    if (faults.take("revision-never-ready", key.service) !== null) {
      this.#stuck.add(revision.uid);
      await this.#never();
    }
    const health = await this.#healthOf(key, revision);
    const at = now();
    store.change(key, (state) => {
      const known = findRevision(state, revision.name);
      return known === undefined ? state : withHealth(state, revision.name, health, at);
    });
  }

  #never(): Promise<never> {
    const { signal } = this.#closed;
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("the local Cloud Run was closed")));
    });
  }

  async #healthOf(key: ServiceKey, revision: RevisionRecord): Promise<RevisionHealth> {
    const { faults, now } = this.#options;
    const containerReadyAt = now();
    if (faults.take("flaky-start", key.service) !== null)
      return failedHealth(key, revision, "failed", { at: now(), mayRecover: true });
    const outcome = revision.template.healthCheckDisabled ? "ready" : await this.#start(key, revision);
    const at = now();
    if (outcome === "ready") return { state: "ready", containerReadyAt, healthyAt: at, provisionedAt: at };
    return failedHealth(key, revision, outcome, { at, mayRecover: false });
  }

  /** Where nothing is left to run it on, tries again until the startup time is over. */
  async #start(key: ServiceKey, revision: RevisionRecord): Promise<StartOutcome> {
    const deadline = performance.now() + this.#options.timings.startupBudgetMs;
    for (;;) {
      const outcome = await this.#options.data.prove(key, revision);
      if (outcome !== "no-capacity" || performance.now() >= deadline) return outcome;
      await this.#pause(CAPACITY_RETRY_MS);
    }
  }
}

function failedHealth(
  key: ServiceKey,
  { name, template }: RevisionRecord,
  outcome: StartOutcome,
  failure: Readonly<{ at: number; mayRecover: boolean }>,
): RevisionHealth {
  const failed = { state: "failed", ...failure } as const;
  const container = ingressContainer(template);
  if (outcome === "no-capacity")
    return { ...failed, code: status.FAILED_PRECONDITION, message: READINESS_DEADLINE, mayRecover: true };
  if (outcome === "no-image") {
    return { ...failed, code: status.NOT_FOUND, message: imageMissingMessage(container.image ?? "") };
  }
  const isHttpProbe = container.startupProbe?.httpGet !== undefined;
  const message = isHttpProbe
    ? failedProbeMessage({ key, revision: name })
    : failedToListenMessage({ key, revision: name, containerPort: containerPort(template) });
  return { ...failed, code: status.FAILED_PRECONDITION, message };
}
