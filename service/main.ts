import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { config } from "zod";
import { Complaint } from "../cli/complaint.ts";
import { packageVersion } from "../cli/runtime/package-version.ts";
import { readServer, stateOf } from "../cli/serve/server.ts";
import { listenOf } from "../cli/serve/server-parts.ts";
import { type Serving, startServing } from "../cli/serve/serving.ts";
import { createJsonLog } from "../shared/adapters/system/json-log.ts";

const write = (line: string): void => void process.stdout.write(line);
const log = createJsonLog({ write });

/** To compile a schema takes longer than to read what an instance reads with it. */
config({ jitless: true });

/** Cloud Run kills an instance 10 s after SIGTERM (https://cloud.google.com/run/docs/container-contract#instance-shutdown). */
const endWithinMs = 9_000;

/**
 * The HTTP service on Google Cloud, as its container starts it: all settings from the environment, state on Firestore, one JSON
 * line a fact. Runs until SIGTERM, then ends what it began. Answers with the exit code.
 */
export async function runService(): Promise<number> {
  const stopping = stopSignal();
  process.on("uncaughtExceptionMonitor", (error) =>
    tellEnd("Gantry ends, because an error was not handled", error.stack ?? String(error)),
  );
  try {
    const serving = await start();
    await stopping;
    return await end(serving);
  } catch (error) {
    tellEnd("Gantry ends", whyOf(error));
    return 1;
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

async function start(): Promise<Serving> {
  const { env } = process;
  const version = packageVersion();
  const choice = { usual: "google", hasEmbedded: false } as const;
  const server = await readServer({ config: null, choice }, { env, cwd: process.cwd() });
  const { port } = listenOf(server.settings, { port: null, env });
  const serving = await startServing({
    server,
    listen: { host: "0.0.0.0", port },
    open: async (opening) => (await import("../cli/serve/google.ts")).openGoogle(opening),
    io: { env, version, write },
  });
  const state = server.google && stateOf(server.google);
  log.info({ version, url: serving.url, state }, "Gantry is ready");
  return serving;
}

/** What was begun is answered; whatever does not end in time goes on elsewhere: nothing was acknowledged that is not written. */
async function end(serving: Serving): Promise<number> {
  const late = sleep(endWithinMs, "late" as const, { ref: false });
  const outcome = await Promise.race([serving.close().then(() => "done" as const), late]);
  if (outcome === "late") log.warn({ endWithinMs }, "Gantry did not end in time and is cut off");
  else log.info({}, "Gantry has ended");
  return outcome === "late" ? 1 : 0;
}

function whyOf(error: unknown): string {
  if (error instanceof Complaint) {
    const { happened, why, next } = error.text;
    return [`${happened}:`, why, ...next.map((line) => `next: ${line}`)].join("\n");
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Written as it is: what fails may be anything. */
function tellEnd(message: string, why: string): void {
  write(`${JSON.stringify({ severity: "CRITICAL", message: `${message}: ${why}` })}\n`);
}
