import { createServer } from "node:net";

const REMEMBERED_PORTS = 256;

/** Ports given out of late: their processes may not listen yet, and nobody else must get them. */
const given: number[] = [];

function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no free port"));
      });
    });
  });
}

/** A TCP port of the loopback interface that nobody listens on right now, and that was not given out just before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await anyPort();
    if (given.includes(port)) continue;
    given.push(port);
    given.splice(0, given.length - REMEMBERED_PORTS);
    return port;
  }
}
