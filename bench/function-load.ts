import { execFile } from "node:child_process";
import module from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { sdksOf } from "../bundle/function-sdks.ts";
import { type WrittenBundle, writeBundles } from "../bundle/write-bundles.ts";
import { functionNames } from "../shared/install/google-parts.ts";
import type { Benchmark } from "./benchmark.ts";
import { buildPackage, root } from "./built-package.ts";
import { type Figure, mebibytes, ratio, single } from "./figures.ts";
import { processorTime } from "./processor-time.ts";
import { serviceLoad } from "./service-load.ts";

const run = promisify(execFile);
const framework = "@google-cloud/functions-framework";

/**
 * Processor time until a function can take its first push, each time in a new process: what one core takes for it, whatever else
 * the machine does. Beside it the same of all packages that the function may use, from node_modules. Then the HTTP service.
 */
export const functionLoad: Benchmark = {
  about: `processor time to load each bundle, and the same unbundled (Node ${process.versions.node}, ${hasCache() ? "with" : "which has no"} compile cache)`,
  limitMs: 600_000,
  run: async ({ directory, note }) => {
    await buildPackage(note);
    const bundles = await writeBundles({
      root: root.replace(/\/$/, ""),
      out: directory,
      names: functionNames,
    });
    const unbundled = new Map<string, Figure>();
    const figures: Figure[] = [];
    for (const bundle of bundles) figures.push(...(await figuresOf(bundle, unbundled)));
    return [...figures, ...(await serviceLoad(directory))];
  },
};

async function figuresOf(
  { name, folder, bytes }: WrittenBundle,
  unbundled: Map<string, Figure>,
): Promise<readonly Figure[]> {
  await run(process.execPath, [join(folder, "framework/compile.cjs")]);
  const sdks = [framework, ...sdksOf(name)];
  const key = sdks.join(" ");
  const apart = unbundled.get(key) ?? (await spreadOf("", imports(sdks)));
  unbundled.set(key, apart);
  const load = await spreadOf(
    `${name}: ready for a push`,
    ready(folder),
    name === "notify" ? "60 ms" : undefined,
  );
  return [
    single({ name: `${name}: bundle`, unit: "MiB" }, mebibytes(bytes)),
    load,
    { ...apart, name: `${name}: framework and ${sdks.length - 1} SDKs unbundled` },
    { ...ratio(`${name}: bundle against unbundled`, load, apart), aim: "0.4 ×" },
    await spreadOf(`${name}: ready, and every SDK loaded`, ready(folder, "await all();")),
  ];
}

function hasCache(): boolean {
  return "enableCompileCache" in module;
}

function spreadOf(name: string, script: string, aim?: string): Promise<Figure> {
  return processorTime({ name, script, cwd: root, ...(aim === undefined ? {} : { aim }) });
}

const began = "const began = process.cpuUsage();";
const ended =
  "const { user, system } = process.cpuUsage(began); console.log((user + system) / 1000); process.exit();";

function imports(paths: readonly string[]): string {
  return `${began} for (const path of ${JSON.stringify(paths)}) await import(path); ${ended}`;
}

/** What `framework/start.cjs` does until it listens. `then` may call `all`, which loads the rest of the bundle. */
function ready(folder: string, then = ""): string {
  const file = (path: string): string => JSON.stringify(join(folder, path));
  return `import { readdirSync } from "node:fs";
import module from "node:module";
const require = module.createRequire(${file("package.json")});
const all = () => Promise.all(readdirSync(${file("chunks")}).map((name) => import(${file("chunks/")} + name).catch(() => null)));
${began}
module.enableCompileCache?.(${file(".compile-cache")});
require("./framework/framework.cjs").load();
await import(${file("index.mjs")});
${then}
${ended}`;
}
