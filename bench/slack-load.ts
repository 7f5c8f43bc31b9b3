import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Benchmark } from "./benchmark.ts";
import { buildPackage, root } from "./built-package.ts";
import { type Figure, spread } from "./figures.ts";

const run = promisify(execFile);
const runs = 15;

const modules: readonly (readonly [name: string, paths: readonly string[]])[] = [
  ["nothing", []],
  ["functions/notify", ["functions/notify.js"]],
  ["functions/notify and its chat", ["functions/notify.js", "shared/adapters/slack/slack-chat.js"]],
  [
    "the same at the first call of Slack",
    ["functions/notify.js", "shared/adapters/slack/slack-chat.js", "@slack/web-api"],
  ],
  ["service/hooks/slack", ["service/hooks/slack.js"]],
];

/** What a cold start pays for modules: the compiled files, each time in a new process, with warm file caches. */
export const slackLoad: Benchmark = {
  about: "loading the modules of the function that notifies, and of the hook that takes clicks",
  limitMs: 180_000,
  run: async ({ note }) => {
    await buildPackage(note);
    const figures: Figure[] = [];
    for (const [name, paths] of modules) {
      await load(paths); // the first one reads from the disk
      const took: number[] = [];
      for (let turn = 0; turn < runs; turn += 1) took.push(await load(paths));
      figures.push(spread({ name: `loading ${name}`, unit: "ms" }, took));
    }
    return figures;
  },
};

/** The milliseconds that the imports take, as the new process itself sees it: without its own start. */
async function load(paths: readonly string[]): Promise<number> {
  const urls = paths.map((path) =>
    path.startsWith("@") ? path : pathToFileURL(join(root, "dist", path)).href,
  );
  const script = `const began = performance.now();
for (const url of ${JSON.stringify(urls)}) await import(url);
process.stdout.write(String(performance.now() - began));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: root });
  return Number(stdout);
}
