import type { Timestamp } from "../../domain/ids.ts";
import type { DeadLetter, OutgoingMessage } from "../../ports/bus.ts";
import type { Clock } from "../../ports/system.ts";
import type {
  Claimed,
  Delivery,
  DeliveryClaim,
  DeliveryQueue,
  FailedDelivery,
  Waiting,
} from "../sqlite/delivery-queue.ts";
import { type FanOutOptions, fanOut, type QueuedMessage } from "../sqlite/fan-out.ts";

type Entry = QueuedMessage & {
  readonly id: number;
  readonly data: string;
  attempt: number;
  claimed: boolean;
  readyAt: Timestamp;
  lastError: string;
};

type Buried = Omit<DeadLetter, "message"> & Readonly<{ entry: Entry }>;

/** The queue of the embedded bus without a file: gone with the process. */
export class MemoryQueue implements DeliveryQueue {
  readonly #clock: Clock;
  readonly #options: FanOutOptions;
  readonly #topics = new Map<string, Set<string>>();
  readonly #entries = new Map<number, Entry>();
  readonly #waiting = new Map<string, Set<Entry>>(); // the same entries, by subscription
  readonly #published = new Map<string, Timestamp>();
  #dead: Buried[] = [];
  readonly #listeners: (() => void)[] = [];
  #lastId = 0;

  constructor(params: Readonly<{ clock: Clock; options: FanOutOptions }>) {
    this.#clock = params.clock;
    this.#options = params.options;
  }

  attach(subscription: Readonly<{ name: string; topic: string }>): void {
    const names = this.#topics.get(subscription.topic) ?? new Set();
    this.#topics.set(subscription.topic, names.add(subscription.name));
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    this.enqueue(messages);
  }

  /** Puts the messages in the queue at once, as a part of whatever the caller is doing. */
  enqueue(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) this.#enqueue(message);
    if (messages.length > 0) for (const listener of this.#listeners) listener();
  }

  onMessages(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async claim(claim: DeliveryClaim): Promise<Claimed> {
    const ready = [...this.#of(claim.subscription)]
      .filter((entry) => entry.readyAt <= claim.now)
      .sort((a, b) => a.readyAt - b.readyAt || a.id - b.id)
      .slice(0, claim.limit);
    const exhausted = ready.filter((entry) => entry.attempt >= claim.maxAttempts);
    for (const entry of exhausted) this.#bury(entry, claim.now);
    const deliveries = ready.filter((entry) => !exhausted.includes(entry));
    for (const entry of deliveries) {
      entry.attempt += 1;
      entry.claimed = true;
      entry.readyAt = claim.now + claim.leaseMs;
      entry.lastError = `no answer within ${claim.leaseMs} ms`;
    }
    return { deliveries: deliveries.map(deliveryOf), buried: exhausted.length };
  }

  async nextReadyAt(subscription: string): Promise<Timestamp | null> {
    return [...this.#of(subscription)].reduce<Timestamp | null>(
      (least, entry) => (least === null ? entry.readyAt : Math.min(least, entry.readyAt)),
      null,
    );
  }

  async waiting(): Promise<readonly Waiting[]> {
    return [...this.#waiting].flatMap(([subscription, entries]) => {
      const times = [...entries].map(({ readyAt }) => readyAt);
      return times.length === 0
        ? []
        : [{ subscription, messages: times.length, readySince: Math.min(...times) }];
    });
  }

  async acknowledge(id: number): Promise<void> {
    this.#remove(this.#entries.get(id));
  }

  async retry(failed: FailedDelivery & Readonly<{ readyAt: Timestamp }>): Promise<void> {
    const entry = this.#attempt(failed);
    if (entry === null) return;
    entry.claimed = false;
    entry.readyAt = failed.readyAt;
    entry.lastError = failed.error;
  }

  async bury(failed: FailedDelivery & Readonly<{ now: Timestamp }>): Promise<void> {
    const entry = this.#attempt(failed);
    if (entry === null) return;
    entry.lastError = failed.error;
    this.#bury(entry, failed.now);
  }

  async deadLetters(params: Readonly<{ limit: number }>): Promise<readonly DeadLetter[]> {
    return this.#dead.slice(0, params.limit).map(({ entry, ...letter }) => ({
      ...letter,
      message: {
        ...entry.message,
        data: JSON.parse(entry.data),
        attributes: { ...entry.message.attributes },
      },
    }));
  }

  async replay(params: Readonly<{ id: string; now: Timestamp }>): Promise<boolean> {
    const letter = this.#dead.find(({ id }) => id === params.id);
    if (letter === undefined) return false;
    this.#dead = this.#dead.map((each) => (each === letter ? { ...each, replayedAt: params.now } : each));
    this.#add({ ...letter.entry, readyAt: params.now });
    for (const listener of this.#listeners) listener();
    return true;
  }

  /** Forgets publish ids and dead letters from before these times. */
  prune(params: Readonly<{ publishedBefore: Timestamp; deadBefore: Timestamp }>): void {
    for (const [key, at] of this.#published) if (at < params.publishedBefore) this.#published.delete(key);
    this.#dead = this.#dead.filter((letter) => letter.deadAt >= params.deadBefore);
  }

  #enqueue(message: OutgoingMessage): void {
    const subscriptions = [...(this.#topics.get(message.topic) ?? [])];
    if (subscriptions.length === 0) return;
    const now = this.#clock.now();
    if (message.id !== null) {
      const key = JSON.stringify([message.topic, message.id]);
      if (this.#published.has(key)) return;
      this.#published.set(key, now);
    }
    for (const queued of fanOut({ message, subscriptions, now, options: this.#options })) this.#add(queued);
  }

  #add(queued: QueuedMessage): void {
    const { message } = queued;
    const id = ++this.#lastId;
    const data = JSON.stringify(message.data);
    const kept = { ...message, attributes: { ...message.attributes } };
    const entry = { ...queued, message: kept, id, data, attempt: 0, claimed: false, lastError: "" };
    this.#entries.set(id, entry);
    this.#waiting.set(queued.subscription, this.#of(queued.subscription).add(entry));
  }

  #remove(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#entries.delete(entry.id);
    this.#of(entry.subscription).delete(entry);
  }

  #of(subscription: string): Set<Entry> {
    return this.#waiting.get(subscription) ?? new Set();
  }

  #attempt(failed: FailedDelivery): Entry | null {
    const entry = this.#entries.get(failed.id);
    return entry?.claimed === true && entry.attempt === failed.attempt ? entry : null;
  }

  #bury(entry: Entry, now: Timestamp): void {
    this.#remove(entry);
    const { subscription, attempt, lastError } = entry;
    const letter = {
      id: `dead-${entry.id}`,
      subscription,
      topic: entry.message.topic,
      attempts: attempt,
      lastError,
    };
    this.#dead.unshift({ ...letter, deadAt: now, replayedAt: null, entry });
  }
}

function deliveryOf(entry: Entry): Delivery {
  const { id, messageId, data, publishedAt, attempt, message } = entry;
  return { id, topic: message.topic, messageId, data, attributes: message.attributes, publishedAt, attempt };
}
