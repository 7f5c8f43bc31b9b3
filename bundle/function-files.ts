import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type OutputFile } from "esbuild";
import type { FunctionName } from "../shared/install/google-parts.ts";
import { installedRuntime } from "../shared/install/node-runtimes.ts";
import { type BundleFile, textFile } from "./framework-files.ts";
import { sdksOf } from "./function-sdks.ts";
import {
  frameworkBeside,
  leaveOut,
  oneLanguage,
  withoutGeneratedMessages,
  withoutSqlite,
} from "./left-out.ts";
import { namedExports } from "./named-exports.ts";

/** What modules of CommonJS expect to find around them. */
const around = [
  'import { createRequire as gantryRequire } from "node:module";',
  'import { fileURLToPath as gantryPath } from "node:url";',
  "const require = gantryRequire(import.meta.url);",
  "const __filename = gantryPath(import.meta.url);",
  'const __dirname = gantryPath(new URL(".", import.meta.url));',
].join("");

/** Files that Gantry reads while it runs. */
const shipped = ["cloudbuild-nocache.yaml"];

export type FunctionFiles = Readonly<{ files: readonly BundleFile[]; maps: readonly BundleFile[] }>;

/**
 * One function as Cloud Functions takes it: what is needed at once in one file, each SDK in files of its own that are loaded
 * when it is first needed. Source maps lie apart: a process that finds none starts faster.
 */
export async function functionFiles(root: string, name: FunctionName): Promise<FunctionFiles> {
  const { outputFiles } = await build({
    entryPoints: [{ in: join(root, "functions/main.ts"), out: "index" }],
    bundle: true,
    write: false,
    outdir: root,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    platform: "node",
    target: "node20",
    format: "esm",
    banner: { js: around },
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: "external",
    plugins: [
      frameworkBeside,
      withoutSqlite,
      leaveOut(name, sdksOf(name)),
      namedExports(root),
      withoutGeneratedMessages,
      oneLanguage,
    ],
    logLevel: "error",
  });
  const made = outputFiles.map((file) => fileOf(file, root));
  const copied = await Promise.all(
    shipped.map(async (path) => ({ path, contents: await readFile(join(root, path)) })),
  );
  return {
    files: [
      ...made.filter(({ path }) => !path.endsWith(".map")),
      ...copied,
      textFile("package.json", packageOf(name)),
    ],
    maps: made
      .filter(({ path }) => path.endsWith(".map"))
      .map((map) => ({ ...map, path: basename(map.path) })),
  };
}

function fileOf({ path, contents }: OutputFile, root: string): BundleFile {
  return { path: path.slice(root.length + 1), contents };
}

/** `gcp-build` runs in Google's build, on the Node that will run the function. */
function packageOf(name: FunctionName): string {
  const description = {
    name: `gantry-${name}`,
    private: true,
    type: "module",
    main: "index.mjs",
    engines: { node: `${installedRuntime.replace("nodejs", "")}.x` },
    scripts: { start: "node framework/start.cjs", "gcp-build": "node framework/compile.cjs" },
    dependencies: { "@google-cloud/functions-framework": "file:./framework" },
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}
