import type { ChannelCredentials } from "@grpc/grpc-js";

/** A server that speaks Google's gRPC API at an address of its own. `insecure` = plain text, no identity. */
export type Endpoint = Readonly<{ host: string; port: number; insecure: boolean }>;

type ClientOptions = Readonly<{
  apiEndpoint: string;
  port?: number;
  sslCreds?: ChannelCredentials;
  projectId?: string;
  clientOptions?: Readonly<{ universeDomain: string }>;
}>;

/**
 * For a client whose server everything waits for: a channel that lost it looks for it again within 2 s, instead of the 120 s of the
 * default (https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md).
 */
export const reconnectSoon = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
};

/**
 * Constructor options of a Google client. With a plain-text endpoint it is told its project and universe, so that it asks no
 * metadata server who it is. What speaks plain text is loaded only then.
 */
export async function clientOptions(endpoint: Endpoint | null, host: string): Promise<ClientOptions> {
  if (endpoint === null) return { apiEndpoint: host };
  const address = { apiEndpoint: endpoint.host, port: endpoint.port };
  if (!endpoint.insecure) return address;
  const { credentials } = await import("@grpc/grpc-js");
  return {
    ...address,
    sslCreds: credentials.createInsecure(),
    projectId: "local",
    clientOptions: { universeDomain: "googleapis.com" },
  };
}
