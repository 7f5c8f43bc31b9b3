import type { Timestamp } from "../../domain/ids.ts";
import type { DeadLetter, OutgoingMessage } from "../../ports/bus.ts";

/** One message on its way to one subscription. `attempt` is 1-based and counts claims. */
export type Delivery = Readonly<{
  id: number;
  topic: string;
  messageId: string; // the same at every delivery and for every subscription
  data: string; // JSON text
  attributes: Readonly<Record<string, string>>;
  publishedAt: Timestamp;
  attempt: number;
}>;

/** What a claim found: deliveries to make now, and how many went to the dead letter because their attempts are used up. */
export type Claimed = Readonly<{ deliveries: readonly Delivery[]; buried: number }>;

/** Whose messages are claimed, how many at most, and for how long. */
export type DeliveryClaim = Readonly<{
  subscription: string;
  now: Timestamp;
  limit: number;
  leaseMs: number;
  maxAttempts: number;
}>;

/** How a delivery failed; does nothing when a later attempt of the same delivery has begun. */
export type FailedDelivery = Readonly<{ id: number; attempt: number; error: string }>;

/** `readySince`: when the first of them may be delivered, or its handling is given up. */
export type Waiting = Readonly<{ subscription: string; messages: number; readySince: Timestamp }>;

/**
 * Messages that wait, one entry for each subscription and message. A message whose topic has no subscription leaves
 * nothing behind. ONE process owns the queue: a claim of a process that died is void when the next one opens it.
 */
export interface DeliveryQueue {
  /** From here on the subscription gets every message of its topic, also while nobody handles them. */
  attach(subscription: Readonly<{ name: string; topic: string }>): void;
  /** Durable once resolved. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** Calls `listener` after messages became durable, whichever transaction brought them. */
  onMessages(listener: () => void): void;
  /** Takes what is ready, oldest first, until `now + leaseMs`; what is not settled by then is ready again. */
  claim(claim: DeliveryClaim): Promise<Claimed>;
  /** When the next message is ready or the next claim runs out; null = nothing waits. */
  nextReadyAt(subscription: string): Promise<Timestamp | null>;
  /** How many messages wait for each subscription, those that are being handled counted in. */
  waiting(): Promise<readonly Waiting[]>;
  /** Done: the delivery is gone, whichever attempt did it. */
  acknowledge(id: number): Promise<void>;
  retry(failed: FailedDelivery & Readonly<{ readyAt: Timestamp }>): Promise<void>;
  bury(failed: FailedDelivery & Readonly<{ now: Timestamp }>): Promise<void>;
  /** Newest first. */
  deadLetters(params: Readonly<{ limit: number }>): Promise<readonly DeadLetter[]>;
  /** False = no such dead letter. */
  replay(params: Readonly<{ id: string; now: Timestamp }>): Promise<boolean>;
}
