import type { FirestoreConnection } from "../../shared/adapters/firestore/connect-firestore.ts";
import type { SimProcess } from "../simulation/sim-process.ts";
import { RpcError } from "./faulty-connection.ts";

/** What becomes of one call to Firestore, or of the process that makes it, before the call is applied or after it. */
export type Fate = Readonly<
  { when: "before" | "after" } & (
    | { kind: "refused"; code: number } // before: nothing was applied; after: the answer is lost
    | { kind: "killed" }
    | { kind: "stopped"; forMs: number }
  )
>;

/** Calls that are under way in real time: as long as there are any, virtual time stands still. */
export class CallsUnderWay {
  #count = 0;
  #waiting: (() => void)[] = [];

  async during<T>(call: Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await call;
    } finally {
      this.#count -= 1;
      if (this.#count === 0) for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** Resolved once nothing is under way and all that waited for an answer has run as far as it can. */
  async over(): Promise<void> {
    do {
      if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    } while (this.#count > 0);
  }
}

type Line = Readonly<{
  real: FirestoreConnection; // of the world, which closes it
  process: SimProcess;
  calls: CallsUnderWay;
  /** Asked before each call is sent. */
  fateOf: (call: string) => Fate | null;
  suffer: (fate: Fate) => void;
}>;

const reads = ["batchGetDocuments", "runQuery", "runAggregationQuery"];

/** A process's way to the real emulator: an answer reaches it only while it runs. */
export function virtualLine(line: Line): FirestoreConnection {
  const client = async () => {
    const opened = await line.calls.during(line.real.client());
    return new Proxy(opened, {
      get: (target, member, receiver) => {
        const found: unknown = Reflect.get(target, member, receiver);
        if (typeof found !== "function" || typeof member !== "string") return found;
        const call = (args: readonly unknown[]): unknown => Reflect.apply(found, target, args);
        if (member === "commit") return (...args: unknown[]) => send(line, member, async () => call(args));
        if (reads.includes(member))
          return (...args: unknown[]) => answersOf(() => send(line, member, () => gathered(call(args))));
        return found;
      },
    });
  };
  return { client, renew: () => undefined, close: async () => undefined };
}

async function send<T>(line: Line, member: string, call: () => Promise<T>): Promise<T> {
  await running(line);
  const fate = line.fateOf(member);
  if (fate?.when === "before") await meet(line, fate);
  const settled = await line.calls.during(call()).then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  if (fate?.when === "after") await meet(line, fate);
  await running(line);
  return settled();
}

async function meet(line: Line, fate: Fate): Promise<void> {
  line.suffer(fate);
  if (fate.kind === "refused") throw new RpcError(fate.code);
  await running(line);
}

/** A process that stands still goes on later; a dead one finds no Firestore any more, and never wakes after that. */
function running({ process }: Line): Promise<void> {
  if (!process.isAlive) return Promise.reject(new RpcError(14));
  return new Promise((resolve) => process.deliver(resolve));
}

async function gathered(stream: unknown): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  if (stream === null || typeof stream !== "object" || !(Symbol.asyncIterator in stream)) return answers;
  for await (const answer of stream as AsyncIterable<unknown>) answers.push(answer);
  return answers;
}

function answersOf(ask: () => Promise<readonly unknown[]>) {
  return {
    destroy: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield* await ask();
    },
  };
}
