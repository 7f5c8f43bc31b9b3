import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What the sending process is asked to send: the tag of the services `from` to `from + count - 1`. */
export type Sending = Readonly<{
  url: string;
  secret: string;
  tag: string;
  from: number;
  count: number;
  connections: number;
}>;

/** How long each webhook took to be answered, in milliseconds, and how many were answered other than 202. */
export type Sent = Readonly<{ tookMs: readonly number[]; refused: number }>;

/** A process of its own that sends webhooks, so that sending is not measured as receiving. */
export type HookSender = Readonly<{ send: (sending: Sending) => Promise<Sent>; close: () => void }>;

export async function startHookSender(): Promise<HookSender> {
  const child = fork(fileURLToPath(new URL("./hook-sender-process.ts", import.meta.url)));
  await once(child, "message"); // it is ready
  const send = async (sending: Sending): Promise<Sent> => {
    child.send(sending);
    return nextAnswer(child);
  };
  return { send, close: () => child.disconnect() };
}

function nextAnswer(child: ChildProcess): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error("the sender of webhooks ended"));
    child.once("exit", gone);
    child.once("message", (answer) => {
      child.off("exit", gone);
      const { tookMs, refused } = answer as Sent;
      resolve({ tookMs, refused });
    });
  });
}
