import { git } from "./git-command.ts";

/** A commit as git tells it; times are RFC 3339. */
export type Commit = Readonly<{
  id: string;
  tree: string;
  parents: readonly string[];
  author: Person;
  committer: Person;
  message: string;
  changes: readonly Change[];
}>;
type Person = Readonly<{ name: string; email: string; date: string }>;
type Change = Readonly<{ status: string; path: string }>;

/** A ref, the object that it names, and for an annotated tag the commit behind it. */
export type Ref = Readonly<{ name: string; sha: string; type: string; commit: string }>;

const fields = ["%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B"].join("%x1f");

/** The sha of the commit that a branch, tag or sha names; null when there is none, and for what only git could read. */
export async function commitOf(directory: string, ref: string): Promise<string | null> {
  if (ref === "" || /[\s~^:?*[\\@{]|\.\.|^-/.test(ref)) return null;
  const found = await git(
    directory,
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${ref}^{commit}`,
  ).catch(() => "");
  return found.trim() === "" ? null : found.trim();
}

/** Commits with what each changed against its first parent, newest first; `range` is anything that git log takes. */
export async function readCommits(
  directory: string,
  ...range: readonly string[]
): Promise<readonly Commit[]> {
  const format = `--format=%x1e${fields}%x1f`;
  const output = await git(
    directory,
    "log",
    format,
    "--name-status",
    "--no-renames",
    "-m",
    "--first-parent",
    "--root",
    ...range,
  );
  return output.split("\x1e").slice(1).map(readCommit);
}

function readCommit(record: string): Commit {
  const [
    id = "",
    tree = "",
    parents = "",
    an = "",
    ae = "",
    ad = "",
    cn = "",
    ce = "",
    cd = "",
    message = "",
    rest = "",
  ] = record.split("\x1f");
  return {
    id,
    tree,
    parents: parents.split(" ").filter((each) => each !== ""),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: message.trimEnd(),
    changes: rest
      .split("\n")
      .filter((line) => line.includes("\t"))
      .map((line) => ({ status: line.slice(0, 1), path: line.slice(line.indexOf("\t") + 1) })),
  };
}

/** The refs that begin with a prefix such as `refs/tags/`, newest version first. */
export async function readRefs(directory: string, prefix: string): Promise<readonly Ref[]> {
  const format = "%(refname)%1f%(objectname)%1f%(objecttype)%1f%(*objectname)";
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const output = await git(
    directory,
    "for-each-ref",
    "--sort=-version:refname",
    `--format=${format}`,
    folder,
  );
  return output
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .map((line) => {
      const [name = "", sha = "", type = "", peeled = ""] = line.split("\x1f");
      return { name, sha, type, commit: peeled === "" ? sha : peeled };
    });
}
