import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FunctionName } from "../shared/install/google-parts.ts";
import { type BundleFile, frameworkFiles } from "./framework-files.ts";
import { functionFiles } from "./function-files.ts";
import { serviceFiles } from "./service-files.ts";
import { zipArchive } from "./zip-archive.ts";

type Written = Readonly<{ folder: string; bytes: number }>;
export type WrittenBundle = Written & Readonly<{ name: FunctionName; zipBytes: number }>;

/**
 * Writes each function to `OUT/NAME`, with `OUT/NAME.zip` for Terraform and `OUT/NAME.maps` for whoever reads a stack. What lay
 * there before is gone.
 */
export async function writeBundles(
  params: Readonly<{ root: string; out: string; names: readonly FunctionName[] }>,
): Promise<readonly WrittenBundle[]> {
  const { root, out, names } = params;
  const framework = await frameworkFiles(root);
  const written: WrittenBundle[] = [];
  for (const name of names) {
    const { files: own, maps } = await functionFiles(root, name);
    const files = [...own, ...framework];
    const folder = join(out, name);
    await replace(folder, files);
    await replace(`${folder}.maps`, maps);
    const zip = zipArchive(files);
    await writeFile(`${folder}.zip`, zip);
    written.push({ name, folder, bytes: sizeOf(files), zipBytes: zip.byteLength });
  }
  return written;
}

/** Writes the HTTP service, with its Dockerfile, to the folder, and its source maps to `FOLDER.maps`. */
export async function writeService(params: Readonly<{ root: string; folder: string }>): Promise<Written> {
  const { root, folder } = params;
  const { files, maps } = await serviceFiles(root);
  await replace(folder, files);
  await replace(`${folder}.maps`, maps);
  return { folder, bytes: sizeOf(files) };
}

function sizeOf(files: readonly BundleFile[]): number {
  return files.reduce((sum, { contents }) => sum + contents.byteLength, 0);
}

async function replace(folder: string, files: readonly BundleFile[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const { path, contents } of files) {
    const at = join(folder, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, contents);
  }
}
