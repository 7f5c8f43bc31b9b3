import type { PublisherClient } from "@google-cloud/pubsub/build/src/v1/publisher_client.js";
import { clientOptions, type Endpoint } from "../google/client-options.ts";

export type PublisherConnection = Readonly<{
  /** The client, made at the first call. The SDK is loaded no earlier. */
  client: () => Promise<PublisherClient>;
  close: () => Promise<void>;
}>;

/** A channel that lost its server looks for it again within 2 s (https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md). */
const reconnect = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 2_000 };

/**
 * The real API at `pubsub.googleapis.com`, or the endpoint given. Only the generated client of the publisher is loaded: the
 * package as a whole takes three times as long, and what it adds is about pulling.
 */
export function connectPublisher({ endpoint }: Readonly<{ endpoint: Endpoint | null }>): PublisherConnection {
  let opened: Promise<PublisherClient> | null = null;
  const open = async (): Promise<PublisherClient> => {
    const { PublisherClient } = await import("@google-cloud/pubsub/build/src/v1/publisher_client.js");
    return new PublisherClient({ ...(await clientOptions(endpoint, "pubsub.googleapis.com")), ...reconnect });
  };
  const client = (): Promise<PublisherClient> => {
    opened ??= open();
    return opened;
  };
  const close = async (): Promise<void> => {
    const last = opened;
    opened = null;
    await (await last)?.close();
  };
  return { client, close };
}
