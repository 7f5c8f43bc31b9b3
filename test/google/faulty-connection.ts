import { Readable } from "node:stream";
import {
  connectFirestore,
  type FirestoreConnection,
} from "../../shared/adapters/firestore/connect-firestore.ts";

/** What becomes of one call: nothing special, refused before it is sent, or its answer lost. */
export type Fault = Readonly<{ code: number; when: "before" | "after" }> | null;

export class RpcError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`${code} INJECTED: nobody reads this text`);
    this.code = code;
  }
}

const calls = ["commit", "batchGetDocuments", "runQuery", "runAggregationQuery"];

/** The real client of the emulator at this address, whose calls fail as `next` says. */
export function faultyConnection(host: string, next: (call: string) => Fault): FirestoreConnection {
  const [name = "", port = ""] = host.split(":");
  const real = connectFirestore({ endpoint: { host: name, port: Number(port), insecure: true } });
  const client = async () => {
    const opened = await real.client();
    return new Proxy(opened, {
      get: (target, member, receiver) => {
        const found: unknown = Reflect.get(target, member, receiver);
        if (typeof found !== "function" || typeof member !== "string" || !calls.includes(member))
          return found;
        const call = (...args: unknown[]) => Reflect.apply(found, target, args);
        return (...args: unknown[]) => faulty(member, next(member), () => call(...args));
      },
    });
  };
  return { client, renew: real.renew, close: real.close };
}

function faulty(member: string, fault: Fault, call: () => unknown): unknown {
  if (fault === null) return call();
  if (member !== "commit") return failingStream(fault.code);
  return (async () => {
    if (fault.when === "after") await call();
    throw new RpcError(fault.code);
  })();
}

function failingStream(code: number): Readable {
  return new Readable({
    objectMode: true,
    read() {
      this.destroy(new RpcError(code));
    },
  });
}
