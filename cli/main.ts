import { createInterface } from "node:readline/promises";
import { systemClock } from "../shared/adapters/system/system-clock.ts";
import type { CliIo, Sink } from "./cli-io.ts";
import { localVerbs } from "./local-verbs.ts";
import { runProgram } from "./program.ts";
import { packageVersion } from "./runtime/package-version.ts";

function sink(stream: NodeJS.WriteStream): Sink {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0); // `gantry releases list | head` has seen enough
  });
  return { isTty: stream.isTTY === true, write: (text) => void stream.write(text) };
}

/** Aborts at the first SIGINT or SIGTERM; the second one ends the process as usual. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  return stopping.signal;
}

function asker(signal: AbortSignal): CliIo["ask"] {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  return async (question) => {
    const line = createInterface({ input: process.stdin, output: process.stderr });
    return line.question(question, { signal }).finally(() => line.close());
  };
}

const stopping = stopSignal();

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  ask: asker(stopping),
  env: process.env,
  cwd: process.cwd(),
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  version: packageVersion(),
  fetch,
  clock: systemClock,
  stopping,
  localVerbs,
});
