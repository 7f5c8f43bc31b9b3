import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

/** What the folder and git tell of a service; null = they do not. */
export type Surroundings = Readonly<{
  top: string | null; // of the git repository
  repository: string | null; // owner/name
  branch: string | null; // that the remote's HEAD is on
  directories: readonly string[]; // with a Dockerfile, from the top
}>;

const run = promisify(execFile);

/** Looks at the folder; nothing that is found is run. */
export async function lookAround(cwd: string): Promise<Surroundings> {
  const top = await git(cwd, "rev-parse", "--show-toplevel");
  const remote = top === null ? null : await git(cwd, "remote", "get-url", "origin");
  const head = top === null ? null : await git(cwd, "symbolic-ref", "--short", "refs/remotes/origin/HEAD");
  const root = top ?? cwd;
  return {
    top,
    repository: remote === null ? null : repositoryOf(remote),
    branch: head === null ? null : head.replace(/^origin\//, ""),
    directories: await dockerfilesBelow(root, root, maxDepth),
  };
}

/** Null = git is not there, or has nothing to say. */
async function git(cwd: string, ...words: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await run("git", [...words], { cwd, timeout: 5_000 });
    return stdout.trim() || null;
  } catch {
    return null; // no repository, no remote, no git: there is nothing to offer, and the person is asked
  }
}

/** `owner/name` of a remote on GitHub, over SSH or HTTPS; null when it is somewhere else. */
export function repositoryOf(remote: string): string | null {
  const [, owner, name] =
    /^(?:https:\/\/(?:[^@/]+@)?|ssh:\/\/git@|git@)[A-Za-z0-9.-]+(?::\d+)?[:/]([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(
      remote,
    ) ?? [];
  return owner === undefined || name === undefined ? null : `${owner}/${name}`;
}

const maxDepth = 3;
const uninteresting = new Set(["node_modules", ".git", "vendor", "dist"]);

async function dockerfilesBelow(root: string, folder: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const here = entries.some((entry) => entry.isFile() && entry.name === "Dockerfile");
  const below = depth === 0 ? [] : entries.filter((one) => one.isDirectory() && !uninteresting.has(one.name));
  const found = await Promise.all(
    below.map(({ name }) => dockerfilesBelow(root, join(folder, name), depth - 1)),
  );
  return [...(here ? [relative(root, folder) || "."] : []), ...found.flat()].sort();
}
