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
  const args = ["-cp", programs.firestore, main, "start", ...seeded];
  return start({ java: programs.java, args, says: (own) => `API endpoint: http://127.0.0.1:${own}` }, port);
}

/** Starts Google's Pub/Sub emulator, ready once resolved. Port 0 takes a free one. Its message ids begin at 1 each time. */
export function startPubSubEmulator(programs: GooglePrograms, port = 0): Promise<GoogleEmulator> {
  const args = ["-jar", programs.pubsub];
  return start({ java: programs.java, args, says: (own) => `listening on ${own}` }, port);
}

/** `says`: what it writes once it serves at a port. Whoever answers there may be another one, which took the port first. */
type Program = Readonly<{ java: string; args: readonly string[]; says: (port: number) => string }>;

const mostTries = 3;

async function start(program: Program, wanted: number): Promise<GoogleEmulator> {
  for (let tries = 1; ; tries += 1)
    try {
      return await startOnce(program, wanted === 0 ? await freePort() : wanted);
    } catch (error) {
      if (wanted !== 0 || tries === mostTries) throw error;
    }
}

/** The JVM is started directly: it is the process whose id is known, so stopping that one leaves nothing behind. */
async function startOnce({ java, args, says }: Program, port: number): Promise<GoogleEmulator> {
  const own = [...javaOptions, ...args, "--host=127.0.0.1", `--port=${port}`];
  const child = spawn(java, own, { stdio: ["ignore", "pipe", "pipe"] });
  const said = lastWords(child);
  await once(child, "spawn");
  const stop = () => end(child);
  const host = `127.0.0.1:${port}`;
  const isServing = async () => said().includes(says(port)) && (await answers(host));
  try {
    await untilReady({ child, host, said, isServing });
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, port, pid: child.pid ?? 0, stop };
}

type Starting = Readonly<{
  child: ChildProcess;
  host: string;
  said: () => string;
  isServing: () => Promise<boolean>;
}>;

async function untilReady({ child, host, said, isServing }: Starting): Promise<void> {
  const deadline = Date.now() + startWithinMs;
  while (!(await isServing())) {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (isOver || said().includes("Address already in use"))
      // upon which Pub/Sub's does not end
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
