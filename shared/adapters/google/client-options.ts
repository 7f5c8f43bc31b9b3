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
