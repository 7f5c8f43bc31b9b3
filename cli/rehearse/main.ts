import type { CliIo } from "../cli-io.ts";
import { usageComplaint } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import type { RehearseOptions } from "../rehearse.ts";
import { scenarios } from "./catalogue.ts";
import { type GoogleGround, startGoogleGround } from "./google-ground.ts";
import { type Played, type Rehearsal, rehearse } from "./rehearsal.ts";
import type { Scenario } from "./scenario.ts";

/** As many at once as two cores can play without one waiting for the other: most of a release is waiting. */
const atOnce = 2;

/** On Google's engine one of them is ten processes. */
const atOnceOnGoogle = 1;

/** Plays the named scenarios, or all; answers 0 only when each went as expected. */
export async function runRehearse(options: RehearseOptions, io: CliIo): Promise<number> {
  const chosen = chosenFrom(options.names);
  if (options.list) {
    list(chosen, options, io);
    return exitCodes.done;
  }
  const google = options.engine === "google" ? await startGoogleGround(io.env) : null;
  try {
    return await playAll(chosen, options, { io, google });
  } finally {
    await google?.close();
  }
}

type Around = Readonly<{ io: CliIo; google: GoogleGround | null }>;

async function playAll(
  chosen: readonly Scenario[],
  options: RehearseOptions,
  { io, google }: Around,
): Promise<number> {
  const waiting = chosen.toSorted((one, other) => lengthOf(other) - lengthOf(one));
  const played: Played[] = [];
  const play = async (): Promise<void> => {
    for (let scenario = waiting.shift(); scenario && !io.stopping.aborted; scenario = waiting.shift()) {
      io.stderr.write(`… ${scenario.name}\n`);
      const { version, env, stopping } = io;
      const one = await rehearse({ scenario, version, seed: options.seed, env, stopping, google });
      if (stopping.aborted) return; // what was cut short says nothing
      played.push(one);
      tell(one, options, io);
    }
  };
  await Promise.all(Array.from({ length: google === null ? atOnce : atOnceOnGoogle }, play));
  if (io.stopping.aborted) return exitCodes.interrupted;
  const wrong = played.filter(({ rehearsal }) => !rehearsal.ok);
  io.stderr.write(`${played.length - wrong.length} of ${played.length} as expected\n`);
  return wrong.length === 0 ? exitCodes.done : exitCodes.failed;
}

/** The longest begin first, so that none of them is played alone in the end. */
function lengthOf({ setting }: Scenario): number {
  return setting?.deadlineMs ?? 0;
}

/** In the order of the catalogue. */
function chosenFrom(names: readonly string[]): readonly Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0)
    throw usageComplaint({
      happened: `There is no scenario ${unknown.join(", ")}`,
      why: `These are: ${scenarios.map(({ name }) => name).join(", ")}.`,
      next: ["gantry rehearse --list"],
    });
  return names.length === 0 ? scenarios : scenarios.filter(({ name }) => names.includes(name));
}

function list(chosen: readonly Scenario[], { json }: RehearseOptions, { stdout }: CliIo): void {
  const width = Math.max(...chosen.map(({ name }) => name.length));
  for (const { name, story, expected } of chosen)
    stdout.write(
      json ? `${JSON.stringify({ scenario: name, expected, story })}\n` : `${name.padEnd(width)}  ${story}\n`,
    );
}

function tell({ rehearsal, log }: Played, { json }: RehearseOptions, io: CliIo): void {
  io.stdout.write(json ? `${JSON.stringify(rehearsal)}\n` : `${sentence(rehearsal)}\n`);
  if (rehearsal.ok) return;
  const events = rehearsal.events.map(({ at, type }) => `    ${at} ${type}`);
  const lines = [
    ...rehearsal.problems.map((problem) => `  ${rehearsal.scenario}: ${problem}`),
    "  events:",
    ...events,
    "  log:",
    ...log.slice(-tailLines).map((line) => `    ${line.trimEnd()}`),
  ];
  io.stderr.write(`${lines.join("\n")}\n`);
}

const tailLines = 40;

function sentence(rehearsal: Rehearsal): string {
  const { scenario, outcome, expected, ok, detectMs, restoreMs, durationMs, requests } = rehearsal;
  const mark = ok ? "✓" : "✗";
  const times = [
    detectMs === null ? "" : `, noticed in ${detectMs} ms`,
    restoreMs === null ? "" : `, stable restored ${restoreMs} ms after that`,
  ].join("");
  const said = outcome === expected ? outcome : `${outcome} (expected ${expected})`;
  return `${mark} ${scenario}: ${said}${times}; ${requests.failed} of ${requests.total} requests failed; ${(durationMs / 1000).toFixed(1)} s`;
}
