import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Outcome, runIsolated } from "./isolated-run.ts";
import { machine } from "./machine.ts";
import { benchmarks } from "./registry.ts";
import { table } from "./table.ts";

const usage = `npm run bench [-- NAME...] [-- --out FILE]

Runs the benchmarks, or those named, one after the other, and writes one JSON file (bench/results/latest.json).
Nothing is asserted: read the figures against those of the same machine.

${Object.entries(benchmarks)
  .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  .join("\n")}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string", default: "bench/results/latest.json" }, help: { type: "boolean" } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(benchmarks, name));
if (values.help || unknown.length > 0) {
  process.stderr.write(
    unknown.length > 0 ? `There is no benchmark ${unknown.join(", ")}.\n\n${usage}` : usage,
  );
  process.exit(unknown.length > 0 ? 64 : 0);
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());

const here = machine();
process.stderr.write(
  `${here.cpu}, ${here.cores} cores, ${here.memoryMiB} MiB, Node ${here.node}, ${here.kernel}, ${here.fileSystem}; load before ${here.loadBefore}; ${here.commit}\n`,
);
const outcomes: Record<string, Outcome & Readonly<{ about: string }>> = {};
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (interrupted.signal.aborted || (positionals.length > 0 && !positionals.includes(name))) continue;
  const outcome = await runIsolated({ name, benchmark, interrupted: interrupted.signal });
  outcomes[name] = { about: benchmark.about, ...outcome };
  process.stderr.write(table({ name, about: benchmark.about, outcome }));
}
const file = resolve(values.out);
await mkdir(dirname(file), { recursive: true });
await writeFile(file, `${JSON.stringify({ machine: here, benchmarks: outcomes }, null, 2)}\n`);
process.stderr.write(`\n${file}\n`);
process.exitCode = Object.values(outcomes).some(({ failure }) => failure !== null) ? 1 : 0;
