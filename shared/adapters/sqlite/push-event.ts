import { Buffer } from "node:buffer";
import type { PubSubEvent, Subscription } from "../../ports/bus.ts";
import type { Delivery } from "./delivery-queue.ts";

/**
 * The CloudEvent that Eventarc hands to a function for this message.
 * Source: googleapis/google-cloudevents, google.events.cloud.pubsub.v1.MessagePublishedData.
 */
export function pushEvent(
  params: Readonly<{ delivery: Delivery; subscription: Subscription; project: string }>,
): PubSubEvent {
  const { delivery, subscription, project } = params;
  const publishTime = new Date(delivery.publishedAt).toISOString();
  return {
    specversion: "1.0",
    id: delivery.messageId,
    type: "google.cloud.pubsub.topic.v1.messagePublished",
    source: `//pubsub.googleapis.com/projects/${project}/topics/${delivery.topic}`,
    time: publishTime,
    datacontenttype: "application/json",
    data: {
      message: {
        data: Buffer.from(delivery.data, "utf8").toString("base64"),
        attributes: { ...delivery.attributes },
        messageId: delivery.messageId,
        publishTime,
      },
      subscription: `projects/${project}/subscriptions/${subscription.name}`,
    },
  };
}

/** Doubles with every attempt (1-based) between the subscription's two bounds, in milliseconds. */
export function backoffMs(
  params: Readonly<{ attempt: number; minBackoffMs: number; maxBackoffMs: number }>,
): number {
  const doubled = params.minBackoffMs * 2 ** Math.min(params.attempt - 1, 40);
  return Math.min(params.maxBackoffMs, doubled);
}
