import type { PublisherClient } from "@google-cloud/pubsub/build/src/v1/publisher_client.js";
import { type OnDemand, onDemand } from "../google/client-on-demand.ts";
import { clientOptions, type Endpoint, reconnectSoon } from "../google/client-options.ts";

export type PublisherConnection = OnDemand<PublisherClient>;

/**
 * The real API at `pubsub.googleapis.com`, or the endpoint given. Only the generated client of the publisher is loaded: the
 * package as a whole takes three times as long, and what it adds is about pulling.
 */
export function connectPublisher({ endpoint }: Readonly<{ endpoint: Endpoint | null }>): PublisherConnection {
  return onDemand(async () => {
    const { PublisherClient } = await import("@google-cloud/pubsub/build/src/v1/publisher_client.js");
    return new PublisherClient({
      ...(await clientOptions(endpoint, "pubsub.googleapis.com")),
      ...reconnectSoon,
    });
  });
}
