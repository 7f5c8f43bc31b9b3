import { createConnection, createServer, type Socket } from "node:net";

/** A TCP line to a server that a test can cut, and whose answers it can hold back. */
export type CuttableLine = Readonly<{
  host: string;
  /** Ends what is open and refuses what comes, until it is mended. */
  cut: () => Promise<void>;
  mend: () => Promise<void>;
  /** Lets questions through and drops the answers, until told otherwise. */
  swallowAnswers: (isOn: boolean) => void;
  close: () => Promise<void>;
}>;

/** A line to `target`, as `host:port`. */
export async function cuttableLine(target: string): Promise<CuttableLine> {
  const [name = "", targetPort = ""] = target.split(":");
  const open = new Set<Socket>();
  let swallows = false;
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  };
  const server = createServer((asking) => {
    const answering = createConnection(Number(targetPort), name);
    keep(asking);
    keep(answering);
    asking.pipe(answering);
    answering.on("data", (chunk) => void (swallows || asking.write(chunk)));
    answering.on("close", () => asking.destroy());
    asking.on("close", () => answering.destroy());
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", () => resolve());
    });
  await listen(0);
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    host: `127.0.0.1:${port}`,
    cut,
    mend: () => listen(port),
    swallowAnswers: (isOn) => {
      swallows = isOn;
      if (!isOn) for (const socket of open) socket.destroy(); // what was swallowed is gone for good
    },
    close: async () => {
      if (server.listening) await cut();
    },
  };
}
