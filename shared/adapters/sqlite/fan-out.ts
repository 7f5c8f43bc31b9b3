import { randomBytes } from "node:crypto";
import type { Timestamp } from "../../domain/ids.ts";
import type { OutgoingMessage } from "../../ports/bus.ts";

/**
 * What a rehearsal does to one message: how many copies arrive (0 = it is lost) and how much later. A later message
 * with a shorter delay overtakes it.
 */
type Disturbance = Readonly<{ copies: number; delayMs: number }>;
export type Disturb = (message: OutgoingMessage) => Disturbance;

/** A message as it lies in the queue of one subscription. */
export type QueuedMessage = Readonly<{
  subscription: string;
  message: OutgoingMessage;
  messageId: string;
  publishedAt: Timestamp;
  readyAt: Timestamp;
}>;

/** Where message ids come from, and what disturbs the messages. */
export type FanOutOptions = Readonly<{ messageId: () => string; disturb: Disturb | null }>;

/** One entry for each subscription and copy, under one message id. */
export function fanOut(
  params: Readonly<{
    message: OutgoingMessage;
    subscriptions: readonly string[];
    now: Timestamp;
    options: FanOutOptions;
  }>,
): readonly QueuedMessage[] {
  const { message, subscriptions, now, options } = params;
  const { copies, delayMs } = options.disturb?.(message) ?? { copies: 1, delayMs: 0 };
  const messageId = options.messageId();
  const entry = { message, messageId, publishedAt: now, readyAt: now + delayMs };
  return subscriptions.flatMap((subscription) =>
    Array.from({ length: copies }, () => ({ ...entry, subscription })),
  );
}

/** A decimal number like the ids that Pub/Sub gives, unique without asking anybody (64 random bits). */
export function randomMessageId(): string {
  return randomBytes(8).readBigUInt64BE().toString();
}
