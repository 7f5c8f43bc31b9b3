import type { Server } from "node:http";
import type { Socket } from "node:net";

/** The connections of a server, and which of them are owed an answer. */
export type OpenConnections = Readonly<{
  /** Closes every connection as soon as it is owed no answer: most of them at once. */
  closeWhenAnswered(): void;
}>;

/**
 * Node closes idle connections with the server, but counts one that never sent a request as busy until
 * `headersTimeout` (nodejs.org, "server.closeIdleConnections"); browsers open such connections in advance.
 */
export function trackConnections(server: Server): OpenConnections {
  const owed = new Map<Socket, number>();
  let closing = false;
  const settle = (socket: Socket) => {
    if (closing && owed.get(socket) === 0) socket.destroySoon();
  };
  const add = (socket: Socket, change: 1 | -1) => {
    const before = owed.get(socket);
    if (before !== undefined) owed.set(socket, before + change);
    settle(socket);
  };
  server.on("connection", (socket) => {
    owed.set(socket, 0);
    socket.on("close", () => owed.delete(socket));
    settle(socket);
  });
  server.on("request", (incoming, outgoing) => {
    const { socket } = incoming;
    add(socket, 1);
    outgoing.on("close", () => add(socket, -1));
  });
  return {
    closeWhenAnswered: () => {
      closing = true;
      for (const socket of owed.keys()) settle(socket);
    },
  };
}
