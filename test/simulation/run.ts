import { Simulation } from "./simulation.ts";

// `node --import tsx test/simulation/run.ts COUNT [FIRST]`: plays that many seeds and tells which break a promise. With a
// count of 1 it tells the whole story.
const count = Number(process.argv[2] ?? 1000);
const first = Number(process.argv[3] ?? process.env["GANTRY_SEED"] ?? 1);
const began = Date.now();
const statuses: Record<string, number> = {};
let broken = 0;
let happened = 0;
let deadLetters = 0;
for (let seed = first; seed < first + count; seed++) {
  const simulation = new Simulation(seed);
  try {
    const report = await simulation.play();
    happened += report.happened;
    deadLetters += report.deadLetters;
    if (report.deadLetters > 0) console.log(`seed ${seed}: ${report.deadLetters} messages were given up`);
    for (const [status, times] of Object.entries(report.statuses))
      statuses[status] = (statuses[status] ?? 0) + times;
  } catch (error) {
    broken += 1;
    console.log(
      `seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 3).join(" ") : error}`,
    );
  }
  if (count === 1) for (const line of await simulation.story()) console.log(line);
}
console.log(JSON.stringify({ count, broken, happened, deadLetters, statuses, ms: Date.now() - began }));
process.exitCode = broken > 0 ? 1 : 0;
