import type { v1 } from "@google-cloud/firestore";
import { clientOptions, type Endpoint } from "../google/client-options.ts";

export type FirestoreClient = InstanceType<typeof v1.FirestoreClient>;

/** The package is CommonJS and hands out `v1` only when it is asked for it, so to `import` it is a property of the default. */
type Sdk = Readonly<{ v1: typeof v1 }>;

export type FirestoreConnection = Readonly<{
  /** The client, made at the first call. The SDK is loaded no earlier. */
  client: () => Promise<FirestoreClient>;
  /** Lets go of the channel; the next call opens another one. */
  renew: () => void;
  close: () => Promise<void>;
}>;

/**
 * A channel that lost its server looks for it again within 2 s, instead of the 120 s of the default
 * (https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md).
 */
const reconnect = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 2_000 };

/** The real API at `firestore.googleapis.com`, or the endpoint given. */
export function connectFirestore({ endpoint }: Readonly<{ endpoint: Endpoint | null }>): FirestoreConnection {
  let opened: Promise<FirestoreClient> | null = null;
  const open = async (): Promise<FirestoreClient> => {
    const { default: sdk } = await import("@google-cloud/firestore");
    const { v1 } = sdk as unknown as Sdk;
    return new v1.FirestoreClient({
      ...(await clientOptions(endpoint, "firestore.googleapis.com")),
      ...reconnect,
    });
  };
  const client = (): Promise<FirestoreClient> => {
    opened ??= open();
    return opened;
  };
  const close = async (): Promise<void> => {
    const last = opened;
    opened = null;
    await (await last)?.close();
  };
  const renew = (): void => {
    close().catch(() => undefined); // its calls have failed already, and what they met was told
  };
  return { client, renew, close };
}
