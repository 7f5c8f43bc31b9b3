import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../run/data/free-port.ts";
import type { GooglePrograms } from "./google-programs.ts";

/** One of Google's emulators as a process of its own; what it knows is in its memory and goes with it. */
export type GoogleEmulator = Readonly<{
  host: string; // 127.0.0.1:port
  port: number;
  pid: number;
  /** Ends the process, at once where it does not end by itself. Safe to call twice. */
  stop: () => Promise<void>;
}>;

const startWithinMs = 60_000;
const stopWithinMs = 3_000;
const keptOutput = 4_000;

/** Small and quick to start: the emulators serve one developer. */
const javaOptions = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-Duser.language=en"];

/**
 * Starts Google's Firestore emulator, ready once resolved. Port 0 takes a free one. `seed`: the file of an export that it begins
 * with; the documents in it lose the times at which they were written.
 */
export function startFirestoreEmulator(
  programs: GooglePrograms,
  port = 0,
  seed: string | null = null,
): Promise<GoogleEmulator> {
  const main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";
  const seeded = seed === null ? [] : [`--seed_from_export=${seed}`];
  return start(programs.java, port, ["-cp", programs.firestore, main, "start", ...seeded]);
}

/** Starts Google's Pub/Sub emulator, ready once resolved. Port 0 takes a free one. Its message ids begin at 1 each time. */
export function startPubSubEmulator(programs: GooglePrograms, port = 0): Promise<GoogleEmulator> {
  return start(programs.java, port, ["-jar", programs.pubsub]);
}

/** The JVM is started directly: it is the process whose id is known, so stopping that one leaves nothing behind. */
async function start(java: string, wanted: number, program: readonly string[]): Promise<GoogleEmulator> {
  const port = wanted === 0 ? await freePort() : wanted;
  const args = [...javaOptions, ...program, "--host=127.0.0.1", `--port=${port}`];
  const child = spawn(java, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = lastWords(child);
  await once(child, "spawn");
  const stop = () => end(child);
  const host = `127.0.0.1:${port}`;
  try {
    await untilReady(child, host, said);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, port, pid: child.pid ?? 0, stop };
}

async function untilReady(child: ChildProcess, host: string, said: () => string): Promise<void> {
  const deadline = Date.now() + startWithinMs;
  while (!(await answers(host))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The emulator at ${host} ended before it was ready:\n${said()}`);
    if (Date.now() > deadline)
      throw new Error(`The emulator at ${host} was not ready within ${startWithinMs} ms:\n${said()}`);
    await sleep(50);
  }
}

/** Both answer `GET /` with 200 once they serve. */
async function answers(host: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(1_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false; // not yet
  }
}

function lastWords(child: ChildProcess): () => string {
  let text = "";
  const hear = (chunk: string): void => {
    text = (text + chunk).slice(-keptOutput);
  };
  child.stdout?.setEncoding("utf8").on("data", hear);
  child.stderr?.setEncoding("utf8").on("data", hear);
  return () => text;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
  await exited;
  clearTimeout(late);
}
