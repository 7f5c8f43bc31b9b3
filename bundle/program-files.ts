import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type OutputFile, type Plugin } from "esbuild";
import type { BundleFile } from "./framework-files.ts";
import { type ProgramName, sdksOf } from "./function-sdks.ts";
import { leaveOut, oneLanguage, withoutGeneratedMessages, withoutSqlite } from "./left-out.ts";
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

export type ProgramFiles = Readonly<{ files: readonly BundleFile[]; maps: readonly BundleFile[] }>;

/**
 * One program for Google Cloud: what is needed at once in `index.mjs`, each SDK that its account may call in files of its own,
 * which are loaded when it is first needed. Source maps lie apart: a process that finds none starts faster.
 */
export async function programFiles(
  root: string,
  program: Readonly<{ name: ProgramName; entry: string; plugins?: readonly Plugin[] }>,
): Promise<ProgramFiles> {
  const { name, entry, plugins = [] } = program;
  const { outputFiles } = await build({
    entryPoints: [{ in: join(root, entry), out: "index" }],
    bundle: true,
    write: false,
    outdir: root,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    platform: "node",
    target: "node20",
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    banner: { js: around },
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: "external",
    plugins: [
      ...plugins,
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
    files: [...made.filter(({ path }) => !path.endsWith(".map")), ...copied],
    maps: made
      .filter(({ path }) => path.endsWith(".map"))
      .map((map) => ({ ...map, path: basename(map.path) })),
  };
}

function fileOf({ path, contents }: OutputFile, root: string): BundleFile {
  return { path: path.slice(root.length + 1), contents };
}
