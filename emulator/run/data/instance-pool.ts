import type { RevisionTemplate } from "../control/resources.ts";
import { concurrencyOf, maxInstancesOf } from "../control/template.ts";
import type { Release } from "./capacity.ts";
import type { ExchangeEnd } from "./forward.ts";
import type { Instance, InstanceDescription } from "./instance.ts";

/** Why a request got no instance: 429 when all are busy and no more may start, 503 when none can be started. */
export class NoInstanceError extends Error {
  readonly statusCode: 429 | 503;

  constructor(statusCode: 429 | 503, message: string) {
    super(message);
    this.name = "NoInstanceError";
    this.statusCode = statusCode;
  }
}

/** A place on an instance for one request. `release` must be called once, when the request is over. */
export type Lease = Readonly<{ port: number; release: (end: ExchangeEnd) => void }>;

/** Why a start did not succeed: nothing is left to run it on, the image is gone, or the container failed. */
export type StartOutcome = "ready" | "no-capacity" | "no-image" | "failed";

export type PoolOptions = Readonly<{
  template: RevisionTemplate;
  idleMs: number;
  queueMs: number;
  /** Starts a process; null when the repository holds no such image. */
  launch: () => Promise<Instance | null>;
  /** Takes what an instance needs of the region; null when it is not left. */
  takeCapacity: () => Release | null;
  /** How many more instances the service may have over all its revisions. */
  serviceHeadroom: () => number;
}>;

type Waiter = {
  give: (lease: Lease) => void;
  refuse: (error: NoInstanceError) => void;
  timer: NodeJS.Timeout;
};

const RESTART_DELAY_MS = 500;

const SUSPICION_MS = 250;

const NO_INSTANCE = "The request was aborted because there was no available instance.";

/** The instances of one revision: started on demand, filled up to their concurrency, stopped when idle. */
export class InstancePool {
  readonly #options: PoolOptions;
  readonly #ready = new Set<Instance>();
  readonly #waiting: Waiter[] = [];
  #starting = 0;
  readonly #starts = new Set<Promise<StartOutcome>>();
  #minimum = 0;
  /** Nothing leads to the revision: an instance goes as soon as it is idle. */
  #isRetired = false;
  #isClosed = false;
  /** Every process of this revision, whatever its state. */
  readonly #live = new Set<Instance>();
  #sweeper: NodeJS.Timeout | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Instances that run or are about to. */
  get size(): number {
    return this.#ready.size + this.#starting;
  }

  describe(): readonly InstanceDescription[] {
    return [...this.#live].map((instance) => instance.describe());
  }

  /** Starts one instance if none is ready, and says what came of it. */
  async prove(): Promise<StartOutcome> {
    return this.#ready.size > 0 ? "ready" : this.#start();
  }

  /** Keeps at least this many instances; resolves when they are there or cannot be had. */
  async setMinimum(count: number): Promise<void> {
    this.#isRetired = false;
    this.#minimum = Math.min(count, maxInstancesOf(this.#options.template));
    const missing = Math.max(0, this.#minimum - this.size);
    await Promise.all(Array.from({ length: missing }, () => this.#start()));
    this.#scheduleSweep();
  }

  /** Stops what is idle now and the rest when it becomes idle. A later request or minimum starts instances again. */
  retire(): void {
    this.#minimum = 0;
    this.#isRetired = true;
    this.#stopIdle(0);
  }

  /** A place on an instance, at once or after waiting. @throws NoInstanceError */
  acquire(): Promise<Lease> {
    const free = this.#findFree();
    if (free !== null) return Promise.resolve(this.#leaseOn(free));
    return new Promise((give, refuse) => {
      const waiter: Waiter = { give, refuse, timer: setTimeout(() => undefined, 0) };
      this.#armTimer(waiter);
      this.#waiting.push(waiter);
      this.#scaleOut();
    });
  }

  /** Stops every instance and refuses whoever waits. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sweeper !== null) clearTimeout(this.#sweeper);
    this.#refuseAll(503, "The revision was deleted.");
    await Promise.all([...this.#live].map((instance) => this.#stop(instance)));
    await Promise.allSettled(this.#starts);
  }

  #findFree(): Instance | null {
    const limit = concurrencyOf(this.#options.template);
    const now = performance.now();
    const free = [...this.#ready].filter(
      ({ state, inFlight, suspectUntil }) => state === "ready" && inFlight < limit && suspectUntil <= now,
    );
    return free.sort((left, right) => right.inFlight - left.inFlight)[0] ?? null;
  }

  #leaseOn(instance: Instance): Lease {
    instance.inFlight += 1;
    let isHeld = true;
    const release = (end: ExchangeEnd): void => {
      if (!isHeld) return;
      isHeld = false;
      if (end === "broken") this.#suspect(instance);
      instance.inFlight -= 1;
      instance.idleSince = performance.now();
      this.#serveWaiting();
      if (this.#isRetired) this.#stopIdle(0);
      this.#scheduleSweep();
    };
    return { port: instance.port, release };
  }

  /** Gets no request until it is known whether it has ended: the end of a process is told a moment after its last reset. */
  #suspect(instance: Instance): void {
    instance.suspectUntil = performance.now() + SUSPICION_MS;
    setTimeout(() => this.#serveWaiting(), SUSPICION_MS + 1).unref();
  }

  #serveWaiting(): void {
    for (let free = this.#findFree(); free !== null; free = this.#findFree()) {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) return;
      clearTimeout(waiter.timer);
      waiter.give(this.#leaseOn(free));
    }
  }

  /** A request waits for as long as an instance is starting; otherwise only its queue time. */
  #armTimer(waiter: Waiter): void {
    waiter.timer = setTimeout(() => {
      if (this.#starting > 0) return this.#armTimer(waiter);
      const index = this.#waiting.indexOf(waiter);
      if (index >= 0) this.#waiting.splice(index, 1);
      waiter.refuse(new NoInstanceError(429, NO_INSTANCE));
    }, this.#options.queueMs);
  }

  #scaleOut(): void {
    const perInstance = concurrencyOf(this.#options.template);
    const wanted = Math.ceil(this.#waiting.length / perInstance) - this.#starting;
    const room = Math.min(
      maxInstancesOf(this.#options.template) - this.size,
      this.#options.serviceHeadroom(),
    );
    for (let count = Math.min(wanted, room); count > 0; count -= 1)
      this.#start().catch(() => this.#refuseAll(503, "The container could not be started."));
  }

  async #start(): Promise<StartOutcome> {
    const start = this.#tryStart();
    this.#starts.add(start);
    const outcome = await start.finally(() => this.#starts.delete(start));
    if (outcome !== "ready") this.#afterFailedStart(outcome);
    return outcome;
  }

  /** Nobody waits for a revision that has nothing running and nothing on the way. */
  #afterFailedStart(outcome: StartOutcome): void {
    if (this.size > 0) return;
    if (outcome === "no-capacity") this.#refuseAll(429, NO_INSTANCE);
    else this.#refuseAll(503, "The container failed to start.");
  }

  #refuseAll(statusCode: 429 | 503, message: string): void {
    for (const waiter of this.#waiting.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.refuse(new NoInstanceError(statusCode, message));
    }
  }

  async #tryStart(): Promise<StartOutcome> {
    const giveBack = this.#options.takeCapacity();
    if (giveBack === null) return "no-capacity";
    this.#starting += 1;
    try {
      const instance = await this.#options.launch();
      if (instance === null) {
        giveBack();
        return "no-image";
      }
      this.#live.add(instance);
      instance.onExit(() => this.#forget(instance, giveBack));
      return (await this.#adopt(instance)) ? "ready" : "failed";
    } finally {
      this.#starting -= 1;
      this.#serveWaiting();
    }
  }

  async #adopt(instance: Instance): Promise<boolean> {
    const hasStarted = !this.#isClosed && (await instance.started);
    if (!hasStarted || this.#isClosed) {
      await this.#stop(instance);
      return false;
    }
    this.#ready.add(instance);
    this.#scheduleSweep();
    return true;
  }

  #forget(instance: Instance, giveBack: Release): void {
    this.#live.delete(instance);
    this.#ready.delete(instance);
    giveBack();
    if (this.#isClosed) return;
    if (this.size < this.#minimum) this.#restartSoon();
    if (this.#waiting.length > 0) this.#scaleOut();
  }

  #stop(instance: Instance): Promise<void> {
    this.#ready.delete(instance);
    return instance.stop();
  }

  /** A container that ends at once must not be started in a tight loop. */
  #restartSoon(): void {
    const timer = setTimeout(() => {
      if (!this.#isClosed && this.size < this.#minimum) this.#start().catch(() => undefined);
    }, RESTART_DELAY_MS);
    timer.unref();
  }

  #scheduleSweep(): void {
    if (this.#sweeper !== null || this.#isClosed || this.#ready.size <= this.#minimum) return;
    this.#sweeper = setTimeout(() => {
      this.#sweeper = null;
      this.#stopIdle(this.#options.idleMs);
      this.#scheduleSweep();
    }, this.#options.idleMs);
    this.#sweeper.unref();
  }

  #stopIdle(idleMs: number): void {
    const idleSince = performance.now() - idleMs + 1;
    const idle = [...this.#ready].filter(
      (instance) => instance.inFlight === 0 && instance.idleSince <= idleSince,
    );
    for (const instance of idle.slice(0, Math.max(0, this.#ready.size - this.#minimum)))
      this.#stop(instance).catch(() => undefined);
  }
}
