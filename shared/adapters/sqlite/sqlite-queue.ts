import type { Timestamp } from "../../domain/ids.ts";
import type { DeadLetter, OutgoingMessage } from "../../ports/bus.ts";
import type { Clock } from "../../ports/system.ts";
import type { Database } from "./database.ts";
import type {
  Claimed,
  Delivery,
  DeliveryClaim,
  DeliveryQueue,
  FailedDelivery,
  Waiting,
} from "./delivery-queue.ts";
import { type FanOutOptions, fanOut } from "./fan-out.ts";
import type { GroupCommit } from "./group-commit.ts";

type MessageRow = Readonly<{
  id: number;
  topic: string;
  message_id: string;
  data: string;
  attributes: string;
  published_at: number;
  attempt: number;
  claimed: number;
  last_error: string;
}>;

type DeadRow = Readonly<{
  id: number;
  subscription: string;
  topic: string;
  key: string | null;
  data: string;
  attributes: string;
  attempts: number;
  last_error: string;
  dead_at: number;
  replayed_at: number | null;
}>;

/** The statements of the queue; none of them may scan a table. */
export const queueSql = {
  attach: `INSERT INTO subscriptions (name, topic) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET topic = excluded.topic WHERE topic <> excluded.topic`,
  subscriptions: "SELECT name FROM subscriptions WHERE topic = ? ORDER BY name",
  remember: "INSERT OR IGNORE INTO published (topic, key, at) VALUES (?, ?, ?)",
  insert: `INSERT INTO messages (subscription, topic, key, message_id, data, attributes, published_at, ready_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ready: `SELECT id, topic, message_id, data, attributes, published_at, attempt, claimed, last_error FROM messages
    WHERE subscription = ? AND ready_at <= ? ORDER BY ready_at, id LIMIT ?`,
  claim: "UPDATE messages SET attempt = attempt + 1, claimed = 1, ready_at = ? WHERE id = ?",
  waiting: `SELECT subscription, count(*) AS messages, min(ready_at) AS readySince FROM messages
    INDEXED BY messages_ready GROUP BY subscription`,
  nextReadyAt: "SELECT min(ready_at) AS at FROM messages WHERE subscription = ?",
  acknowledge: "DELETE FROM messages WHERE id = ?",
  retry: `UPDATE messages SET claimed = 0, ready_at = ?3, last_error = ?4
    WHERE id = ?1 AND attempt = ?2 AND claimed = 1`,
  bury: `INSERT INTO dead_letters (id, subscription, topic, key, message_id, data, attributes, published_at, attempts,
      last_error, dead_at)
    SELECT id, subscription, topic, key, message_id, data, attributes, published_at, attempt, ?3, ?4
    FROM messages WHERE id = ?1 AND attempt = ?2`,
  deadLetters: `SELECT id, subscription, topic, key, data, attributes, attempts, last_error, dead_at, replayed_at
    FROM dead_letters ORDER BY dead_at DESC, id DESC LIMIT ?`,
  replay: `INSERT INTO messages (subscription, topic, key, message_id, data, attributes, published_at, ready_at)
    SELECT subscription, topic, key, message_id, data, attributes, published_at, ?2 FROM dead_letters WHERE id = ?1`,
  replayed: "UPDATE dead_letters SET replayed_at = ?2 WHERE id = ?1",
  forgetPublished: "DELETE FROM published WHERE at < ?",
  forgetDead: "DELETE FROM dead_letters WHERE dead_at < ?",
  forgetWaiting: "DELETE FROM messages WHERE subscription = ? AND published_at < ?",
} as const;

/** The queue of the embedded bus in the same file, and the same transactions, as the store. */
export class SqliteQueue implements DeliveryQueue {
  readonly #writer: GroupCommit;
  readonly #clock: Clock;
  readonly #options: FanOutOptions;
  readonly #sql: ReturnType<typeof prepareAll>;
  readonly #attached = new Set<string>();
  readonly #subscriptions = new Map<string, readonly string[]>();
  readonly #listeners: (() => void)[] = [];

  constructor(
    params: Readonly<{ database: Database; writer: GroupCommit; clock: Clock; options: FanOutOptions }>,
  ) {
    this.#writer = params.writer;
    this.#clock = params.clock;
    this.#options = params.options;
    this.#sql = prepareAll(params.database);
  }

  attach(subscription: Readonly<{ name: string; topic: string }>): void {
    this.#sql.attach.run(subscription.name, subscription.topic);
    this.#attached.add(subscription.name);
    this.#subscriptions.clear();
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#writer.run({ durable: true, work: () => this.enqueue(messages) });
    this.announce();
  }

  /** Writes the messages inside the caller's transaction; the caller announces them once it is committed. */
  enqueue(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) this.#enqueue(message);
  }

  /** Wakes whoever delivers. */
  announce(): void {
    for (const listener of this.#listeners) listener();
  }

  onMessages(listener: () => void): void {
    this.#listeners.push(listener);
  }

  claim(claim: DeliveryClaim): Promise<Claimed> {
    return this.#writer.run({ durable: false, work: () => this.#claim(claim) });
  }

  async nextReadyAt(subscription: string): Promise<Timestamp | null> {
    return this.#sql.nextReadyAt.one(subscription)?.at ?? null;
  }

  async waiting(): Promise<readonly Waiting[]> {
    return this.#sql.waiting.all();
  }

  async acknowledge(id: number): Promise<void> {
    await this.#writer.run({ durable: false, work: () => this.#sql.acknowledge.run(id) });
  }

  async retry({
    id,
    attempt,
    error,
    readyAt,
  }: FailedDelivery & Readonly<{ readyAt: Timestamp }>): Promise<void> {
    await this.#writer.run({
      durable: false,
      work: () => this.#sql.retry.run(id, attempt, readyAt, error),
    });
  }

  async bury(failed: FailedDelivery & Readonly<{ now: Timestamp }>): Promise<void> {
    await this.#writer.run({ durable: false, work: () => this.#bury(failed) });
  }

  async deadLetters(params: Readonly<{ limit: number }>): Promise<readonly DeadLetter[]> {
    return this.#sql.deadLetters.all(params.limit).map(deadLetter);
  }

  async replay(params: Readonly<{ id: string; now: Timestamp }>): Promise<boolean> {
    const id = Number(/^dead-(\d{1,15})$/.exec(params.id)?.[1] ?? Number.NaN);
    if (Number.isNaN(id)) return false;
    const found = await this.#writer.run({
      durable: true,
      work: () => {
        this.#sql.replay.run(id, params.now);
        return this.#sql.replayed.run(id, params.now) > 0;
      },
    });
    if (found) this.announce();
    return found;
  }

  /**
   * Forgets publish ids and dead letters from before these times, and messages as old as the ids whose subscription
   * this process does not handle; inside the caller's transaction.
   */
  prune(params: Readonly<{ publishedBefore: Timestamp; deadBefore: Timestamp }>): void {
    this.#sql.forgetPublished.run(params.publishedBefore);
    this.#sql.forgetDead.run(params.deadBefore);
    for (const { name } of this.#sql.allSubscriptions.all())
      if (!this.#attached.has(name)) this.#sql.forgetWaiting.run(name, params.publishedBefore);
  }

  #enqueue(message: OutgoingMessage): void {
    const subscriptions = this.#subscriptionsOf(message.topic);
    if (subscriptions.length === 0) return;
    const now = this.#clock.now();
    const { topic, id: key } = message;
    if (key !== null && this.#sql.remember.run(topic, key, now) === 0) return;
    const data = JSON.stringify(message.data);
    const attributes = JSON.stringify(message.attributes);
    for (const entry of fanOut({ message, subscriptions, now, options: this.#options }))
      this.#sql.insert.run(
        entry.subscription,
        topic,
        key,
        entry.messageId,
        data,
        attributes,
        now,
        entry.readyAt,
      );
  }

  #subscriptionsOf(topic: string): readonly string[] {
    const known = this.#subscriptions.get(topic);
    if (known !== undefined) return known;
    const names = this.#sql.subscriptions.all(topic).map((row) => row.name);
    this.#subscriptions.set(topic, names);
    return names;
  }

  #claim({ subscription, now, limit, leaseMs, maxAttempts }: DeliveryClaim): Claimed {
    const deliveries: Delivery[] = [];
    let buried = 0;
    for (const row of this.#sql.ready.all(subscription, now, limit)) {
      if (row.attempt >= maxAttempts) {
        const error = row.claimed === 1 ? `no answer within ${leaseMs} ms` : row.last_error;
        this.#bury({ id: row.id, attempt: row.attempt, error, now });
        buried += 1;
      } else {
        this.#sql.claim.run(now + leaseMs, row.id);
        deliveries.push(delivery(row));
      }
    }
    return { deliveries, buried };
  }

  #bury({ id, attempt, error, now }: FailedDelivery & Readonly<{ now: Timestamp }>): void {
    if (this.#sql.bury.run(id, attempt, error, now) > 0) this.#sql.acknowledge.run(id);
  }
}

function prepareAll(database: Database) {
  return {
    attach: database.prepare(queueSql.attach),
    subscriptions: database.prepare<{ name: string }>(queueSql.subscriptions),
    remember: database.prepare(queueSql.remember),
    insert: database.prepare(queueSql.insert),
    ready: database.prepare<MessageRow>(queueSql.ready),
    claim: database.prepare(queueSql.claim),
    waiting: database.prepare<Waiting>(queueSql.waiting),
    nextReadyAt: database.prepare<{ at: Timestamp | null }>(queueSql.nextReadyAt),
    acknowledge: database.prepare(queueSql.acknowledge),
    retry: database.prepare(queueSql.retry),
    bury: database.prepare(queueSql.bury),
    deadLetters: database.prepare<DeadRow>(queueSql.deadLetters),
    replay: database.prepare(queueSql.replay),
    replayed: database.prepare(queueSql.replayed),
    forgetPublished: database.prepare(queueSql.forgetPublished),
    forgetDead: database.prepare(queueSql.forgetDead),
    forgetWaiting: database.prepare(queueSql.forgetWaiting),
    allSubscriptions: database.prepare<{ name: string }>("SELECT name FROM subscriptions"),
  };
}

function delivery(row: MessageRow): Delivery {
  const { id, topic, data } = row;
  const attributes = JSON.parse(row.attributes);
  return {
    id,
    topic,
    data,
    attributes,
    messageId: row.message_id,
    publishedAt: row.published_at,
    attempt: row.attempt + 1,
  };
}

function deadLetter(row: DeadRow): DeadLetter {
  const { subscription, topic, key, attempts } = row;
  return {
    id: `dead-${row.id}`,
    subscription,
    topic,
    message: { topic, id: key, data: JSON.parse(row.data), attributes: JSON.parse(row.attributes) },
    attempts,
    lastError: row.last_error,
    deadAt: row.dead_at,
    replayedAt: row.replayed_at,
  };
}
