import { join } from "node:path";
import { build } from "esbuild";

/**
 * Starts the framework. V8's compiled code is kept beside the function: made when its container is built (`gcp-build`), it is
 * read at each start. Node 20 has no such cache and starts without.
 */
const start = `"use strict";
const nodeModule = require("node:module");
const path = require("node:path");
if (process.env.NODE_COMPILE_CACHE === undefined) nodeModule.enableCompileCache?.(path.join(__dirname, "..", ".compile-cache"));
process.env.FUNCTION_SOURCE ??= path.join(__dirname, "..");
require("./framework.cjs").start();
`;

/** Loads whatever the function may ever load, so that all of it is compiled into the cache; fails when something cannot be. */
const compile = `"use strict";
const nodeModule = require("node:module");
const path = require("node:path");
const { readdirSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const root = path.join(__dirname, "..");
const chunks = path.join(root, "chunks");
nodeModule.enableCompileCache?.(path.join(root, ".compile-cache"));
require("./framework.cjs").load();
const load = async (file) => {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    if (/is bundled without/.test(error.message)) return;
    console.error(path.basename(file) + ": " + error.stack);
    process.exitCode = 1;
  }
};
(async () => {
  for (const file of [path.join(root, "index.mjs"), ...readdirSync(chunks).map((name) => path.join(chunks, name))]) await load(file);
  nodeModule.flushCompileCache?.();
  process.exit();
})();
`;

const packageJson = JSON.stringify(
  {
    name: "@google-cloud/functions-framework",
    private: true,
    version: "0.0.0",
    main: "framework.cjs",
    bin: { "functions-framework": "start.cjs" },
  },
  null,
  2,
);

export type BundleFile = Readonly<{ path: string; contents: Uint8Array }>;

/** A file of the bundle with this text. */
export function textFile(path: string, text: string): BundleFile {
  return { path, contents: new TextEncoder().encode(text) };
}

/**
 * functions-framework as one file, in a package of its own that the function's package.json names: Google's buildpack starts
 * the program `functions-framework` of that package, and nothing has to be fetched from a registry.
 */
export async function frameworkFiles(root: string): Promise<readonly BundleFile[]> {
  const own = join(root, "node_modules/@google-cloud/functions-framework/build/src");
  const { outputFiles } = await build({
    stdin: {
      resolveDir: root,
      contents: `const framework = require(${JSON.stringify(join(own, "index.js"))});
module.exports = {
  http: framework.http,
  cloudEvent: framework.cloudEvent,
  load: () => { for (const part of ["server", "loader", "invoker", "options"]) parts[part](); },
  start: () => require(${JSON.stringify(join(own, "main.js"))}),
};
const parts = {
  server: () => require(${JSON.stringify(join(own, "server.js"))}),
  loader: () => require(${JSON.stringify(join(own, "loader.js"))}),
  invoker: () => require(${JSON.stringify(join(own, "invoker.js"))}),
  options: () => require(${JSON.stringify(join(own, "options.js"))}),
};`,
    },
    bundle: true,
    write: false,
    outfile: "framework.cjs",
    platform: "node",
    target: "node20",
    format: "cjs",
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "error",
  });
  return [
    ...outputFiles.map(({ contents }) => ({ path: "framework/framework.cjs", contents })),
    textFile("framework/start.cjs", start),
    textFile("framework/compile.cjs", compile),
    textFile("framework/package.json", packageJson),
  ];
}
