import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What to hand functions-framework as the source of the functions. */
export type FunctionProgram = Readonly<{ main: string; remove: () => Promise<void> }>;

/**
 * The functions as a process can start them quickly: the compiled ones; of sources, a bundle made for this once. Eight
 * processes that each compile the same sources keep two cores busy for half a minute.
 */
export async function functionProgram(): Promise<FunctionProgram> {
  if (!import.meta.url.endsWith(".ts")) {
    const main = fileURLToPath(new URL("../../functions/main.js", import.meta.url));
    return { main, remove: () => Promise.resolve() };
  }
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const cache = join(root, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const outdir = await mkdtemp(join(cache, "gantry-functions-"));
  const remove = () => rm(outdir, { recursive: true, force: true });
  try {
    const { build } = await import("esbuild");
    await build({
      entryPoints: [join(root, "functions", "main.ts")],
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
  return { main: join(outdir, "main.mjs"), remove };
}
