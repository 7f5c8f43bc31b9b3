import { credentials } from "@grpc/grpc-js";

/** A server that speaks Google's gRPC API at an address of its own. `insecure` = plain text, no identity. */
export type Endpoint = Readonly<{ host: string; port: number; insecure: boolean }>;

type ClientOptions = Readonly<{
  apiEndpoint: string;
  port?: number;
  sslCreds?: ReturnType<typeof credentials.createInsecure>;
  projectId?: string;
  clientOptions?: Readonly<{ universeDomain: string }>;
}>;

/**
 * Constructor options of a Google client. With a plain-text endpoint it is told its project and universe, so that it asks no
 * metadata server who it is.
 */
export function clientOptions(endpoint: Endpoint | null, host: string): ClientOptions {
  if (endpoint === null) return { apiEndpoint: host };
  const address = { apiEndpoint: endpoint.host, port: endpoint.port };
  if (!endpoint.insecure) return address;
  return {
    ...address,
    sslCreds: credentials.createInsecure(),
    projectId: "local",
    clientOptions: { universeDomain: "googleapis.com" },
  };
}
