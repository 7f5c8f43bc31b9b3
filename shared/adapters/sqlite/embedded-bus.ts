import type { Timestamp } from "../../domain/ids.ts";
import { AppError } from "../../ports/app-error.ts";
import type { Bus, DeadLetter, OutgoingMessage, Subscription } from "../../ports/bus.ts";
import type { Clock } from "../../ports/system.ts";
import type { Delivery, DeliveryQueue, Waiting } from "./delivery-queue.ts";
import { backoffMs, pushEvent } from "./push-event.ts";
import { grantSlots } from "./slots.ts";

/** How one delivery ended. `expired`: the ack deadline passed first; the handler may still run. */
export type DeliveryOutcome = "acknowledged" | "retried" | "dead" | "expired";

export type DeliveryReport = Readonly<{
  subscription: string;
  messageId: string;
  attempt: number; // 1-based
  outcome: DeliveryOutcome;
  durationMs: number;
  error: unknown; // null where the handler did not throw
}>;

export type EmbeddedBusOptions = Readonly<{
  queue: DeliveryQueue;
  clock: Clock;
  /** Named in the events' source. */
  project: string;
  /** Handlers that run at once, over all subscriptions. */
  concurrency: number;
  onDelivery: (report: DeliveryReport) => void;
  /** The queue could not be read or written; the bus tries again by itself. */
  onTrouble: (error: unknown) => void;
}>;

type Running = Readonly<{ delivery: Delivery; startedAt: Timestamp; expiresAt: Timestamp }>;
type Lane = Readonly<{ subscription: Subscription; running: Set<Running> }>;

const longestSleepMs = 3_600_000; // timers overflow beyond 24.8 days
const troubleWaitMs = 1000;
const largestClaim = 64; // one claim is one transaction; the rest follows in the next

/**
 * Pub/Sub within one process: hands each message to every subscription of its topic AT LEAST ONCE, in any order, as
 * the CloudEvent that Eventarc would build. What cannot be read is a dead letter at once. Sleeps until a message arrives or falls due; there is no polling.
 */
export class EmbeddedBus implements Bus {
  readonly #options: EmbeddedBusOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #handling = new Set<Promise<void>>();
  #started = false;
  #dirty = false;
  #turn = 0;
  #loop: Promise<void> | null = null;
  #alarm = new AbortController();

  constructor(options: EmbeddedBusOptions) {
    this.#options = options;
    options.queue.onMessages(() => this.#wake());
  }

  /**
   * Registers a handler. Durable: messages of the topic are kept for it from now on, started or not, and after a
   * restart too. Throws when the name is taken.
   */
  subscribe(subscription: Subscription): void {
    if (this.#lanes.has(subscription.name))
      throw new Error(`the subscription ${subscription.name} has a handler already`);
    this.#options.queue.attach(subscription);
    this.#lanes.set(subscription.name, { subscription, running: new Set() });
    this.#wake();
  }

  /** Begins to deliver what waits and what comes. */
  start(): void {
    this.#started = true;
    this.#wake();
  }

  /**
   * Starts no more deliveries and waits for those that run, `graceMs` at most; answers how many still do. Their
   * messages are delivered again after their deadline or at the next start.
   */
  async stop(params: Readonly<{ graceMs: number }>): Promise<number> {
    this.#started = false;
    this.#alarm.abort();
    await this.#loop;
    const patience = new AbortController();
    const grace = this.#options.clock.sleep({ ms: params.graceMs, signal: patience.signal });
    await Promise.race([Promise.all(this.#handling), grace]);
    patience.abort();
    return this.#handling.size;
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#options.queue.publish(messages);
  }

  deadLetters(params: Readonly<{ limit: number }>): Promise<readonly DeadLetter[]> {
    return this.#options.queue.deadLetters(params);
  }

  /** How many messages wait for each subscription, those that are being handled counted in. */
  waiting(): Promise<readonly Waiting[]> {
    return this.#options.queue.waiting();
  }

  replayDeadLetter(id: string): Promise<boolean> {
    return this.#options.queue.replay({ id, now: this.#options.clock.now() });
  }

  #wake(): void {
    if (!this.#started) return;
    this.#dirty = true;
    this.#silence();
    this.#loop ??= this.#run().finally(() => {
      this.#loop = null;
      if (this.#dirty) this.#wake();
    });
  }

  async #run(): Promise<void> {
    while (this.#dirty && this.#started) {
      this.#dirty = false;
      try {
        await this.#deliverWhatIsReady();
      } catch (error) {
        this.#options.onTrouble(error);
        this.#dirty = false;
        this.#wakeAt(this.#options.clock.now() + troubleWaitMs);
      }
    }
  }

  async #deliverWhatIsReady(): Promise<void> {
    const now = this.#options.clock.now();
    this.#freeExpiredSlots(now);
    const lanes = [...this.#lanes.values()];
    const readyAt = await Promise.all(
      lanes.map((lane) => this.#options.queue.nextReadyAt(lane.subscription.name)),
    );
    const demands = lanes.map((lane, index) => {
      const at = readyAt[index] ?? null;
      return { name: lane.subscription.name, running: lane.running.size, waiting: at !== null && at <= now };
    });
    const grants = grantSlots({ demands, concurrency: this.#options.concurrency, turn: this.#turn++ });
    const granted = lanes.flatMap((lane) => {
      const limit = grants.get(lane.subscription.name) ?? 0;
      return limit > 0 ? [{ lane, limit }] : [];
    });
    if (granted.length === 0) {
      const expiries = lanes.flatMap((lane) => [...lane.running].map((running) => running.expiresAt));
      const later = [...readyAt.filter((at) => at !== null), ...expiries].filter((at) => at > now);
      if (later.length > 0) this.#wakeAt(Math.min(...later));
      return;
    }
    this.#dirty = true;
    await Promise.all(granted.map(({ lane, limit }) => this.#take({ lane, limit, now })));
  }

  async #take(params: Readonly<{ lane: Lane; limit: number; now: Timestamp }>): Promise<void> {
    const { name, ackDeadlineMs, maxAttempts } = params.lane.subscription;
    const claimed = await this.#options.queue.claim({
      subscription: name,
      now: params.now,
      limit: Math.min(params.limit, largestClaim),
      leaseMs: ackDeadlineMs,
      maxAttempts,
    });
    for (const delivery of claimed.deliveries) {
      const handling = this.#handle(params.lane, delivery)
        .catch((error: unknown) => this.#options.onTrouble(error))
        .finally(() => {
          this.#handling.delete(handling);
          this.#wake();
        });
      this.#handling.add(handling);
    }
  }

  async #handle(lane: Lane, delivery: Delivery): Promise<void> {
    const { subscription } = lane;
    const startedAt = this.#options.clock.now();
    const running = { delivery, startedAt, expiresAt: startedAt + subscription.ackDeadlineMs };
    lane.running.add(running);
    let failure: Readonly<{ error: unknown }> | null = null;
    try {
      await subscription.handler(pushEvent({ delivery, subscription, project: this.#options.project }));
    } catch (error) {
      failure = { error };
    }
    const inTime = lane.running.has(running);
    try {
      if (failure === null) await this.#acknowledge(lane, running);
      else if (inTime) await this.#giveBack(lane, running, failure.error);
    } finally {
      lane.running.delete(running);
    }
  }

  async #acknowledge(lane: Lane, running: Running): Promise<void> {
    await this.#options.queue.acknowledge(running.delivery.id);
    this.#report(lane, running, "acknowledged", null);
  }

  async #giveBack(lane: Lane, running: Running, error: unknown): Promise<void> {
    const { subscription } = lane;
    const { id, attempt } = running.delivery;
    const now = this.#options.clock.now();
    const failed = { id, attempt, error: error instanceof Error ? error.message : String(error) };
    if (attempt >= subscription.maxAttempts || isPoison(error)) {
      await this.#options.queue.bury({ ...failed, now });
      this.#report(lane, running, "dead", error);
      return;
    }
    const { minBackoffMs, maxBackoffMs } = subscription;
    await this.#options.queue.retry({
      ...failed,
      readyAt: now + backoffMs({ attempt, minBackoffMs, maxBackoffMs }),
    });
    this.#report(lane, running, "retried", error);
  }

  #freeExpiredSlots(now: Timestamp): void {
    for (const lane of this.#lanes.values())
      for (const running of lane.running)
        if (running.expiresAt <= now) {
          lane.running.delete(running);
          this.#report(lane, running, "expired", null);
        }
  }

  #report(lane: Lane, running: Running, outcome: DeliveryOutcome, error: unknown): void {
    const { messageId, attempt } = running.delivery;
    const durationMs = this.#options.clock.now() - running.startedAt;
    const subscription = lane.subscription.name;
    this.#options.onDelivery({ subscription, messageId, attempt, outcome, durationMs, error });
  }

  /** An error is made for every abort without a reason, and this is called for every message. */
  #silence(): void {
    if (!this.#alarm.signal.aborted) this.#alarm.abort("woken");
  }

  #wakeAt(at: Timestamp): void {
    this.#silence();
    this.#alarm = new AbortController();
    const { signal } = this.#alarm;
    const ms = Math.min(longestSleepMs, Math.max(1, at - this.#options.clock.now()));
    this.#options.clock
      .sleep({ ms, signal })
      .then(() => {
        if (!signal.aborted) this.#wake();
      })
      .catch((error: unknown) => this.#options.onTrouble(error));
  }
}

/** What cannot be read now can never be read. */
function isPoison(error: unknown): boolean {
  return error instanceof AppError && error.code === "message-invalid";
}
