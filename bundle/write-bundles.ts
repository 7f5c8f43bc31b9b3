import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FunctionName } from "../shared/install/google-parts.ts";
import { type BundleFile, frameworkFiles } from "./framework-files.ts";
import { functionFiles } from "./function-files.ts";
import { zipArchive } from "./zip-archive.ts";

export type WrittenBundle = Readonly<{ name: FunctionName; folder: string; bytes: number; zipBytes: number }>;

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
    const bytes = files.reduce((sum, { contents }) => sum + contents.byteLength, 0);
    written.push({ name, folder, bytes, zipBytes: zip.byteLength });
  }
  return written;
}

async function replace(folder: string, files: readonly BundleFile[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const { path, contents } of files) {
    const at = join(folder, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, contents);
  }
}
