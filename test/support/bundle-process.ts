import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../emulator/run/data/free-port.ts";

/** One bundle as Google starts it: the framework that it brings along, and nothing of this repository. */
export type BundleProcess = Readonly<{
  url: string;
  lines: readonly string[];
  stop: () => Promise<void>;
}>;

const startWithinMs = 20_000;

/** Rejects, with what it said, when it does not come up. */
export async function startBundle(
  params: Readonly<{ folder: string; name: string; env: Readonly<Record<string, string>> }>,
): Promise<BundleProcess> {
  const { folder, name, env } = params;
  const port = await freePort();
  const lines: string[] = [];
  const child = spawn(process.execPath, [join(folder, "framework", "start.cjs")], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      FUNCTION_TARGET: name,
      PORT: String(port),
      NODE_ENV: "production",
      ...env,
    },
  });
  const ended = once(child, "exit");
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(url, child);
  } catch (error) {
    await stop();
    throw new Error(`${name} did not start:\n${lines.join("\n")}`, { cause: error });
  }
  return { url, lines, stop };
}

/** A function answers what is no push with 405. */
async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startWithinMs;
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.status === 405) return;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`it ended with ${child.exitCode}`);
    await sleep(20);
  }
}

/** The body of a push of Pub/Sub's: https://cloud.google.com/pubsub/docs/push#receive_push */
export function pushBody(
  params: Readonly<{ subscription: string; data: unknown; attributes?: Readonly<Record<string, string>> }>,
): RequestInit {
  const { subscription, data, attributes = {} } = params;
  const text = Buffer.from(JSON.stringify(data)).toString("base64");
  const message = { data: text, attributes, messageId: "1", publishTime: new Date().toISOString() };
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ subscription, message, deliveryAttempt: 1 }),
  };
}
