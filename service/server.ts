import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { type OpenConnections, trackConnections } from "./open-connections.ts";
import type { AppEnv } from "./service-deps.ts";

/** A listening server. `close` resolves once every answer that was begun is sent or `closeWithinMs` is over. */
export type RunningServer = Readonly<{ url: string; close(): Promise<void> }>;

const timeouts = {
  headersTimeout: 10_000, // a client that drips its headers
  requestTimeout: 30_000, // a client that drips its body
  /** Longer than Google's load balancers keep a connection, 600 s, so that they close first: cloud.google.com/load-balancing/docs/https */
  keepAliveTimeout: 620_000,
  maxRequestsPerSocket: 0,
} as const;

const closeWithinMs = 5_000;

/** Listens on `port` (0 = a free one). Rejects when it cannot. */
export async function startServer(
  params: Readonly<{ app: Hono<AppEnv>; host: string; port: number }>,
): Promise<RunningServer> {
  const { app, host, port } = params;
  const stopping = new AbortController();
  const fetch = (request: Request) => app.fetch(request, { stopping: stopping.signal });
  const server = createServer(getRequestListener(fetch, { overrideGlobalObjects: false }));
  Object.assign(server, timeouts);
  const connections = trackConnections(server);
  await listen(server, { host, port });
  const named = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${named}:${portOf(server)}`, close: () => close({ server, connections, stopping }) };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no TCP port.");
  return address.port;
}

function listen(server: Server, where: Readonly<{ host: string; port: number }>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

type Closing = Readonly<{ server: Server; connections: OpenConnections; stopping: AbortController }>;

function close({ server, connections, stopping }: Closing): Promise<void> {
  stopping.abort(); // ends the event streams
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), closeWithinMs);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    connections.closeWhenAnswered();
  });
}
