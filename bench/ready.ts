import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Benchmark } from "./benchmark.ts";
import { buildPackage, root } from "./built-package.ts";
import { type Figure, ratio, single, spread } from "./figures.ts";

const runs = 5;

/** From the start of the process to the line that says that all is up, as `npm start` does it. */
export const ready: Benchmark = {
  about: "start of `gantry dev` until all of it is ready (built, as after `npm ci`)",
  limitMs: 180_000,
  run: async ({ directory, note }) => {
    await buildPackage(note);
    const bare: number[] = [];
    for (let run = 0; run < runs; run += 1) bare.push(await bareNode());
    const fresh: Start[] = [];
    for (let run = 0; run < runs; run += 1) fresh.push(await start(join(directory, `fresh-${run}`)));
    const kept: Start[] = [];
    for (let run = 0; run < runs; run += 1) kept.push(await start(join(directory, "fresh-0")));
    const node = spread({ name: "bare node start and end", unit: "ms" }, bare);
    const first = figure("ready, fresh state", fresh);
    return [
      first,
      figure("ready, kept state", kept),
      node,
      ratio("ready against bare node, p50", first, node),
      spread(
        { name: "stopped after SIGTERM", unit: "ms" },
        [...fresh, ...kept].map(({ stopMs }) => stopMs),
      ),
      single(
        { name: "resident memory at ready", unit: "MiB" },
        Math.max(...fresh.map(({ memoryMiB }) => memoryMiB)),
      ),
    ];
  },
};

type Start = Readonly<{ readyMs: number; stopMs: number; memoryMiB: number }>;

function figure(name: string, starts: readonly Start[]): Figure {
  return spread(
    { name, unit: "ms", aim: "3,000 ms" },
    starts.map(({ readyMs }) => readyMs),
  );
}

async function bareNode(): Promise<number> {
  const began = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - began;
}

async function start(state: string): Promise<Start> {
  const began = performance.now();
  const words = ["bin/gantry.js", "dev", "--json", "--port", "0", "--state", state];
  const child = spawn(process.execPath, words, { cwd: root, stdio: ["ignore", "pipe", 2] });
  const exited = once(child, "exit");
  try {
    await firstLine(child);
    const readyMs = performance.now() - began;
    const memoryMiB = await residentMiB(child);
    const stopping = performance.now();
    child.kill("SIGTERM");
    await exited;
    return { readyMs, stopMs: performance.now() - stopping, memoryMiB };
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
  }
}

/** Rejects when the process ends without saying that it is ready. */
async function firstLine(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("gantry dev has no output");
  for await (const line of createInterface({ input: child.stdout }))
    if (Object(JSON.parse(line)).ready === true) return;
  throw new Error(`gantry dev ended with ${child.exitCode} before it was ready`);
}

async function residentMiB({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
}
