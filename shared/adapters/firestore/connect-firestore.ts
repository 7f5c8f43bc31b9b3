import type { v1 } from "@google-cloud/firestore";
import { type OnDemand, onDemand } from "../google/client-on-demand.ts";
import { clientOptions, type Endpoint, reconnectSoon } from "../google/client-options.ts";

export type FirestoreClient = InstanceType<typeof v1.FirestoreClient>;

/** The package is CommonJS and hands out `v1` only when it is asked for it, so to `import` it is a property of the default. */
type Sdk = Readonly<{ v1: typeof v1 }>;

export type FirestoreConnection = OnDemand<FirestoreClient> &
  Readonly<{
    /** Lets go of the channel without waiting for it. */
    renew: () => void;
  }>;

/** The real API at `firestore.googleapis.com`, or the endpoint given. */
export function connectFirestore({ endpoint }: Readonly<{ endpoint: Endpoint | null }>): FirestoreConnection {
  const connection = onDemand(async () => {
    const { default: sdk } = await import("@google-cloud/firestore");
    const { v1 } = sdk as unknown as Sdk;
    return new v1.FirestoreClient({
      ...(await clientOptions(endpoint, "firestore.googleapis.com")),
      ...reconnectSoon,
    });
  });
  const renew = (): void => {
    connection.close().catch(() => undefined); // its calls have failed already, and what they met was told
  };
  return { ...connection, renew };
}
