import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `functions`: what functions-framework loads. `gantry`: the file of the command line. */
export type GantryPrograms = Readonly<{ functions: string; gantry: string; remove: () => Promise<void> }>;

/**
 * Gantry's programs as a process can start them quickly: the compiled ones; of sources, a bundle made for this once. Nine
 * processes that each compile the same sources keep two cores busy for half a minute.
 */
export async function gantryPrograms(): Promise<GantryPrograms> {
  const isSource = import.meta.url.endsWith(".ts");
  return isSource ? bundled() : compiled();
}

function compiled(): GantryPrograms {
  const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
  return {
    functions: path("functions/main.js"),
    gantry: path("cli/main.js"),
    remove: () => Promise.resolve(),
  };
}

async function bundled(): Promise<GantryPrograms> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const cache = join(root, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const outdir = await mkdtemp(join(cache, "gantry-"));
  const remove = () => rm(outdir, { recursive: true, force: true });
  try {
    const { build } = await import("esbuild");
    await build({
      entryPoints: { functions: join(root, "functions", "main.ts"), gantry: join(root, "cli", "main.ts") },
      bundle: true,
      platform: "node",
      format: "esm",
      outExtension: { ".js": ".mjs" },
      splitting: true,
      packages: "external",
      target: "node20",
      logLevel: "error",
      outdir,
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { functions: join(outdir, "functions.mjs"), gantry: join(outdir, "gantry.mjs"), remove };
}
