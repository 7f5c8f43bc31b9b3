import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./benchmark.ts";
import type { Figure } from "./figures.ts";

/** How one benchmark went: its figures, or why there are none. */
export type Outcome = Readonly<{ figures: readonly Figure[]; failure: string | null; tookMs: number }>;

const killAfterMs = 8_000;

/**
 * Runs a benchmark in a process group and a folder of its own. Neither is left when it resolves, also when the benchmark
 * fails, takes longer than its limit, or is interrupted.
 */
export async function runIsolated(
  params: Readonly<{ name: string; benchmark: Benchmark; interrupted: AbortSignal }>,
): Promise<Outcome> {
  const { name, benchmark, interrupted } = params;
  const directory = await mkdtemp(join(tmpdir(), `gantry-bench-${name}-`));
  const began = performance.now();
  try {
    const program = fileURLToPath(new URL("./run-one.ts", import.meta.url));
    const child = fork(program, [name, directory], { detached: true, stdio: ["ignore", "ignore", 2, "ipc"] });
    const result = await resultOf(child, { limitMs: benchmark.limitMs, interrupted });
    return { ...result, tookMs: Math.round(performance.now() - began) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

type Limits = Readonly<{ limitMs: number; interrupted: AbortSignal }>;

function resultOf(child: ChildProcess, limits: Limits): Promise<Omit<Outcome, "tookMs">> {
  return new Promise((resolve) => {
    let figures: readonly Figure[] = [];
    let failure: string | null = null;
    let kill: NodeJS.Timeout | null = null;
    const stop = (why: string): void => {
      failure ??= why;
      signalGroup(child, "SIGTERM");
      kill ??= setTimeout(() => signalGroup(child, "SIGKILL"), killAfterMs);
    };
    const late = setTimeout(() => stop(`it took longer than ${limits.limitMs} ms`), limits.limitMs);
    const onInterrupt = (): void => stop("it was interrupted");
    limits.interrupted.addEventListener("abort", onInterrupt);
    child.on("message", (message: Readonly<{ figures: readonly Figure[] }>) => {
      figures = message.figures;
    });
    child.once("exit", (code) => {
      clearTimeout(late);
      if (kill) clearTimeout(kill);
      limits.interrupted.removeEventListener("abort", onInterrupt);
      signalGroup(child, "SIGKILL"); // whatever it should have stopped itself
      const silent = figures.length === 0 ? `it ended with ${code} and no figures` : null;
      resolve({ figures, failure: failure ?? silent });
    });
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}
