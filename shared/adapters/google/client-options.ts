import { credentials } from "@grpc/grpc-js";

/** A server that speaks Google's gRPC API at an address of its own. `insecure` = plain text, no identity. */
export type Endpoint = Readonly<{ host: string; port: number; insecure: boolean }>;

type ClientOptions = Readonly<{
  apiEndpoint: string;
  port?: number;
  sslCreds?: ReturnType<typeof credentials.createInsecure>;
  projectId?: string;
}>;

/**
 * Constructor options of a Google client. A plain-text endpoint is given a project id, so that the client does not look
 * for an identity on the metadata server.
 */
export function clientOptions(endpoint: Endpoint | null, host: string): ClientOptions {
  if (endpoint === null) return { apiEndpoint: host };
  const address = { apiEndpoint: endpoint.host, port: endpoint.port };
  return endpoint.insecure
    ? { ...address, sslCreds: credentials.createInsecure(), projectId: "local" }
    : address;
}
