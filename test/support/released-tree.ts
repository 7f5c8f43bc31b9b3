import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { GantryPrograms, gantryPrograms } from "../../cli/rehearse/gantry-programs.ts";
import { type ReleasedVersion, releasedVersions } from "./golden-histories.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);
const mostBytes = 64 * 1024 * 1024;

/** The programs of a version that was released, made of its own sources in a folder of its own. */
export type ReleasedTree = Readonly<{
  version: string;
  programs: GantryPrograms;
  remove: () => Promise<void>;
}>;

/** The version released last; skips the suite, with a line that says why, where git does not have its commit. */
export async function lastRelease(context: Mocha.Context): Promise<ReleasedTree> {
  const last = releasedVersions().at(-1);
  if (last !== undefined && (await isHere(last))) return madeOf(last);
  console.log(
    `      skipped: this clone does not have Gantry ${last?.version}, commit ${last?.commit}: git fetch`,
  );
  return context.skip();
}

async function isHere({ commit }: ReleasedVersion): Promise<boolean> {
  return run("git", ["-C", root, "cat-file", "-e", `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
}

async function madeOf({ version, commit }: ReleasedVersion): Promise<ReleasedTree> {
  const folder = await mkdtemp(join(tmpdir(), `gantry-${version}-`));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const archive = ["-C", root, "archive", "--format=tar", commit];
    const { stdout } = await run("git", archive, { encoding: "buffer", maxBuffer: mostBytes });
    await writeFile(join(folder, "tree.tar"), stdout);
    await run("tar", ["-xf", join(folder, "tree.tar"), "-C", folder]);
    await linkPackages(folder);
    const file = pathToFileURL(join(folder, "cli", "rehearse", "gantry-programs.ts")).href;
    const theirs: { gantryPrograms: typeof gantryPrograms } = await import(file);
    return { version, programs: await theirs.gantryPrograms(), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Each package on its own, so that what the old tree writes below `node_modules` is its own. */
async function linkPackages(folder: string): Promise<void> {
  const packages = join(folder, "node_modules");
  await mkdir(packages);
  const names = (await readdir(join(root, "node_modules"))).filter((name) => name !== ".cache");
  await Promise.all(names.map((name) => symlink(join(root, "node_modules", name), join(packages, name))));
}
