import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { pathPattern } from "./docker-ignore.ts";

/** A step of a docker build that failed: what docker prints, and its exit code. */
export class DockerFailure extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A folder from which COPY takes files, and the paths in it that the build may see. */
export type CopySource = Readonly<{ root: string; files: readonly string[] }>;

/** The files and links below a folder in a fixed order, without those that are ignored; empty folders do not count. */
export async function copySource(root: string, ignored: (path: string) => boolean): Promise<CopySource> {
  const files: string[] = [];
  const walk = async (below: string): Promise<void> => {
    for (const entry of (await readdir(join(root, below), { withFileTypes: true })).sort(byName)) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (!ignored(path)) files.push(path);
    }
  };
  await walk("");
  return { root, files };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

type Copied = Readonly<{ from: string; to: string }>;

/** Which file goes where for `COPY patterns… destination`; `destination` is absolute in the image. */
export async function planCopy(
  source: CopySource,
  patterns: readonly string[],
  destination: string,
  image: string,
): Promise<readonly Copied[]> {
  const isFolder =
    /(^|\/)\.?$/.test(destination) || patterns.length > 1 || (await isDirectory(join(image, destination)));
  const target = posix.normalize(destination);
  return patterns.flatMap((pattern) => {
    const plan = matches(source.files, pattern).map(({ file, rest }) => {
      const to = rest ?? (isFolder ? basename(file) : "");
      return { from: file, to: posix.join(target, to) };
    });
    if (plan.length > 0 || clean(pattern) === "") return plan;
    throw new DockerFailure(
      `COPY failed: file not found in build context or excluded by .dockerignore: stat ${clean(pattern)}: file does not exist`,
    );
  });
}

function matches(
  files: readonly string[],
  pattern: string,
): readonly { file: string; rest: string | null }[] {
  const path = clean(pattern);
  if (path === ".." || path.startsWith("../"))
    throw new DockerFailure(`COPY failed: forbidden path outside the build context: ${pattern} ()`);
  if (path === "") return files.map((file) => ({ file, rest: file }));
  const glob = pathPattern(path);
  const depth = path.split("/").length;
  return files
    .filter((file) => glob.test(file))
    .map((file) => {
      const parts = file.split("/");
      return { file, rest: parts.length > depth ? parts.slice(depth).join("/") : null };
    });
}

function clean(pattern: string): string {
  const path = posix.normalize(pattern).replace(/^\/+/, "").replace(/\/+$/, "");
  return path === "." ? "" : path;
}

/** Copies as planned, with modes and links, over what is already there. */
export async function copyFiles(source: CopySource, plan: readonly Copied[], image: string): Promise<void> {
  for (const { from, to } of plan) {
    const file = join(source.root, from);
    const place = join(image, to);
    await mkdir(dirname(place), { recursive: true });
    if ((await lstat(file)).isSymbolicLink()) {
      await rm(place, { force: true });
      await symlink(await readlink(file), place);
    } else await copyFile(file, place, constants.COPYFILE_FICLONE);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => null);
  return stats?.isDirectory() ?? false;
}
