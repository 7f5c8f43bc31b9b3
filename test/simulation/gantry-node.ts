import { Sweeper } from "../../cli/runtime/sweeper.ts";
import { subscriptions } from "../../functions/subscriptions.ts";
import type { MemoryQueue } from "../../shared/adapters/memory/memory-queue.ts";
import { embeddedBus } from "../../shared/adapters/sqlite/bus-options.ts";
import type { DeliveryQueue } from "../../shared/adapters/sqlite/delivery-queue.ts";
import type { EmbeddedBus } from "../../shared/adapters/sqlite/embedded-bus.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { Commit, CommitResult, Store } from "../../shared/ports/store.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import type { Desk } from "../../shared/usecases/desk.ts";
import { createDesk } from "../../shared/usecases/gantry-desk.ts";
import { type OutsideGantry, simDeps } from "./sim-deps.ts";
import { SimProcess } from "./sim-process.ts";

export type Outside = OutsideGantry & Readonly<{ store: Store; queue: MemoryQueue }>;

/** One process with all of Gantry's functions in it, on a store and a queue that outlive it. */
export class GantryNode {
  readonly process: SimProcess;
  readonly desk: Desk;
  readonly deps: Deps;
  readonly #outside: Outside;
  readonly #bus: EmbeddedBus;
  readonly #handling = new Map<number, number>();

  constructor(name: string, outside: Outside) {
    this.#outside = outside;
    const { world } = outside;
    const process = new SimProcess(name, world);
    this.process = process;
    this.#bus = embeddedBus({ queue: this.#queue(), clock: process.clock, options: {} });
    this.deps = simDeps(outside, {
      process,
      store: this.#store(),
      bus: this.#bus,
      onCommit: () => sweeper.look(),
    });
    const sweeper = new Sweeper(this.deps);
    this.desk = createDesk(this.deps);
    for (const subscription of subscriptions(this.deps)) this.#bus.subscribe(subscription);
    this.#bus.start();
    sweeper.look();
  }

  /** Ends at once, in the middle of everything. `void`: what it had claimed is free again, as when a file is opened anew. */
  async kill(params: Readonly<{ voidClaims: boolean }>): Promise<void> {
    const { store, queue, world } = this.#outside;
    const owner = this.process.name;
    this.process.kill();
    if (!params.voidClaims) return;
    const now = world.time.now();
    for (const [id, attempt] of this.#handling)
      await queue.retry({ id, attempt, error: "the process ended", readyAt: now });
    for (const { key } of await store.services())
      for (const { id, attempt, dueAt, claimedBy } of await store.owedWork(key))
        if (claimedBy === owner)
          await store.releaseClaim({ id, owner, attempt, dueAt, error: "the process ended" });
  }

  #queue(): DeliveryQueue {
    const { queue } = this.#outside;
    const handling = this.#handling;
    return {
      attach: (subscription) => queue.attach(subscription),
      publish: (messages) => queue.publish(messages),
      onMessages: (listener) => queue.onMessages(() => this.process.deliver(listener)),
      claim: async (claim) => {
        const claimed = await queue.claim(claim);
        for (const { id, attempt } of claimed.deliveries) handling.set(id, attempt);
        return claimed;
      },
      waiting: () => queue.waiting(),
      nextReadyAt: (subscription) => queue.nextReadyAt(subscription),
      acknowledge: (id) => {
        handling.delete(id);
        return queue.acknowledge(id);
      },
      retry: (failed) => {
        handling.delete(failed.id);
        return queue.retry(failed);
      },
      bury: (failed) => {
        handling.delete(failed.id);
        return queue.bury(failed);
      },
      deadLetters: (params) => queue.deadLetters(params),
      replay: (params) => queue.replay(params),
    };
  }

  #store(): Store {
    const { store, world } = this.#outside;
    const { faults, random } = world;
    const call = <T>(effect: () => Promise<T>): Promise<T> => {
      const params = { effect, lost: storeUnavailable, slow: 0 };
      const { storeFails: fails, storeReplyLost: replyLost } = faults;
      const isPlain = !random.chance(faults.storeSlow + fails + replyLost);
      return isPlain ? effect() : this.process.call({ ...params, fails, replyLost });
    };
    const commit = (params: Commit): Promise<CommitResult> =>
      call(async () =>
        random.chance(faults.storeConflict) ? { outcome: "conflict" } : store.commit(params),
      );
    return {
      load: (service) => call(() => store.load(service)),
      look: (service) => call(() => store.look(service)),
      commit,
      dueWork: (params) => call(() => store.dueWork(params)),
      nextDueAt: () => call(() => store.nextDueAt()),
      owedWork: (service) => call(() => store.owedWork(service)),
      claimWork: (params) => call(() => store.claimWork(params)),
      renewClaim: (params) => call(() => store.renewClaim(params)),
      releaseClaim: (params) => call(() => store.releaseClaim(params)),
      services: () => call(() => store.services()),
      release: (id) => call(() => store.release(id)),
      releases: (params) => call(() => store.releases(params)),
      config: (hash) => call(() => store.config(hash)),
      releaseEvents: (id, part) => call(() => store.releaseEvents(id, part)),
      eventsAfter: (params) => call(() => store.eventsAfter(params)),
      lastPosition: () => call(() => store.lastPosition()),
      recordRefusal: (refusal) => call(() => store.recordRefusal(refusal)),
      refusals: (params) => call(() => store.refusals(params)),
      refusal: (id) => call(() => store.refusal(id)),
    };
  }
}

function storeUnavailable(): AppError {
  return new AppError({
    code: "store-unavailable",
    message: "the store is away (simulated)",
    transient: true,
  });
}
