import type { Clock } from "../../ports/system.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { type DeliveryReport, EmbeddedBus } from "./embedded-bus.ts";
import { type Disturb, type FanOutOptions, randomMessageId } from "./fan-out.ts";

/** What may be said about the embedded bus; all of it has a default. */
export type BusOptions = Readonly<{
  /** Named in the events' source; default `local`. */
  project?: string;
  /** Handlers that run at once, over all subscriptions; default 64. */
  concurrency?: number;
  /** Faults for rehearsals: copies, loss, delay and with it reordering, decided message by message. */
  disturb?: Disturb;
  /** Default: 64 random bits as a decimal number. */
  messageId?: () => string;
  /** Called after every delivery, for logs and measurements. */
  onDelivery?: (report: DeliveryReport) => void;
  /** Called when the queue cannot be read or written; the bus tries again by itself. */
  onTrouble?: (error: unknown) => void;
}>;

/** How messages become queue entries under these options. */
export function fanOutOptions(options: BusOptions): FanOutOptions {
  return { messageId: options.messageId ?? randomMessageId, disturb: options.disturb ?? null };
}

/** The bus on this queue. */
export function embeddedBus(
  params: Readonly<{ queue: DeliveryQueue; clock: Clock; options: BusOptions }>,
): EmbeddedBus {
  const { queue, clock, options } = params;
  return new EmbeddedBus({
    queue,
    clock,
    project: options.project ?? "local",
    concurrency: options.concurrency ?? 64,
    onDelivery: options.onDelivery ?? (() => {}),
    onTrouble: options.onTrouble ?? (() => {}),
  });
}
