import { rmSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { type GantryPrograms, gantryPrograms } from "../../cli/rehearse/gantry-programs.ts";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import {
  type GoogleEmulator,
  startFirestoreEmulator,
  startPubSubEmulator,
} from "../../emulator/google/google-emulator.ts";
import { findGooglePrograms, type GooglePrograms } from "../../emulator/google/google-programs.ts";

const search = findGooglePrograms(process.env);
let counter = 0;

/** `npm test` needs no Java and stays quick. Without npm (`npx mocha FILE`) a suite runs. */
const isPlainTest = process.env["npm_lifecycle_event"] === "test";

/** A project that no other suite, and no other run, uses. */
export function uniqueProject(): string {
  counter += 1;
  return `gantry-${process.pid.toString(36)}-${Date.now().toString(36)}-${counter}`;
}

/** The emulators' programs; skips the suite, with a line that says why, under `npm test` and where they are not here. */
async function programsOrSkip(context: Mocha.Context): Promise<GooglePrograms> {
  const result = await search;
  if (isPlainTest) console.log("      skipped: needs Google's emulators; `npm run test:google` starts them");
  else if ("found" in result) return result.found;
  else console.log(`      skipped: Google's emulators are not here: ${result.missing}`);
  return context.skip();
}

type Start = (programs: GooglePrograms) => Promise<GoogleEmulator>;

/** One emulator for all suites of this process: started by the first that asks, ended with the process. */
function shared(start: Start): (context: Mocha.Context) => Promise<GoogleEmulator> {
  let started: Promise<GoogleEmulator> | null = null;
  return async (context) => {
    const programs = await programsOrSkip(context);
    context.timeout(90_000);
    started ??= endWithProcess(start(programs));
    return started;
  };
}

const running: GoogleEmulator[] = [];
let bundled: Promise<GantryPrograms> | null = null;
let bundle: GantryPrograms | null = null;

function killAll(): void {
  if (bundle !== null) rmSync(dirname(bundle.functions), { recursive: true, force: true });
  for (const { pid } of running) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended before.
    }
  }
}

/** After the last suite; and when this process ends otherwise, as far as it is told. */
async function endWithProcess(starting: Promise<GoogleEmulator>): Promise<GoogleEmulator> {
  const emulator = await starting;
  if (running.length === 0) {
    process.on("exit", killAll);
    for (const signal of ["SIGTERM", "SIGHUP"] as const)
      process.once(signal, () => {
        killAll();
        process.kill(process.pid, signal);
      });
  }
  running.push(emulator);
  return emulator;
}

after(async () => {
  await Promise.all(running.map((emulator) => emulator.stop()));
  await (await bundled)?.remove();
});

/** Call in `before` of a suite: the Firestore emulator that all suites of this process share. */
export const sharedFirestore = shared(startFirestoreEmulator);

/** Call in `before` of a suite: the Pub/Sub emulator that all suites of this process share. */
export const sharedPubSub = shared(startPubSubEmulator);

/** Emulators of a suite's own, to be killed and started again; the suite stops them. */
export async function ownPrograms(context: Mocha.Context): Promise<GooglePrograms> {
  const programs = await programsOrSkip(context);
  context.timeout(90_000);
  return programs;
}

/** Call in `before` of a suite: the ground of rehearsals that all suites of this process share. Nobody else closes it. */
export async function sharedGround(context: Mocha.Context): Promise<GoogleGround> {
  const pubsub = await sharedPubSub(context);
  const firestore = await sharedFirestore(context);
  bundled ??= gantryPrograms();
  bundle = await bundled;
  return { pubsub, firestore, programs: bundle, close: async () => undefined };
}
