import { Hono } from "hono";
import { type Commit, commitOf, readCommits } from "./commit-reading.ts";
import { git, gitBytes } from "./git-command.ts";
import { type GithubContext, type GithubEnv, notFound, page, unprocessable } from "./github-answer.ts";
import type { RepositoryPlace } from "./push-event.ts";

type TreeEntry = Readonly<{ type: string; sha: string; size: number; path: string }>;

const largestInline = 1024 * 1024;

/** Files, commits and comparisons. */
export function contentRoutes(): Hono<GithubEnv> {
  const routes = new Hono<GithubEnv>();
  routes.get("/contents/:path{.*}", contents);
  routes.get("/commits", listCommits);
  routes.get("/commits/:ref{.+}", oneCommit);
  routes.get("/git/commits/:sha", commitObject);
  routes.get("/compare/:range{.+}", compare);
  return routes;
}

async function contents(context: GithubContext): Promise<Response> {
  const place = context.get("place");
  const ref = context.req.query("ref") ?? "HEAD";
  const commit = await commitOf(place.directory, ref);
  if (commit === null) return notFound(context, `No commit found for the ref ${ref}`);
  const path = decodeURIComponent(context.req.param("path") ?? "").replace(/^\/+|\/+$/g, "");
  if (path.split("/").some((part) => part === "." || part === "..")) return notFound(context);
  const entry = path === "" ? null : (await tree(place.directory, commit, path))[0];
  if (entry === undefined) return notFound(context);
  if (entry === null || entry.type === "tree") {
    const entries = await tree(place.directory, commit, path === "" ? "" : `${path}/`);
    return context.json(entries.map((each) => entryPayload(place, each, ref)));
  }
  const bytes = await gitBytes(place.directory, "cat-file", "blob", entry.sha);
  if (/application\/vnd\.github(\.v3)?\.raw/.test(context.req.header("accept") ?? ""))
    return context.body(Uint8Array.from(bytes), 200, {
      "content-type": "application/vnd.github.raw+json; charset=utf-8",
    });
  const inline = bytes.length <= largestInline;
  const content = inline ? bytes.toString("base64").replace(/.{60}/g, "$&\n") : "";
  return context.json({ ...entryPayload(place, entry, ref), content, encoding: inline ? "base64" : "none" });
}

async function tree(directory: string, commit: string, path: string): Promise<readonly TreeEntry[]> {
  const words = ["--literal-pathspecs", "ls-tree", "-z", "--long", "--full-tree", commit];
  const output = await git(directory, ...words, ...(path === "" ? [] : ["--", path]));
  return output
    .split("\0")
    .filter((line) => line !== "")
    .map(readEntry);
}

function readEntry(line: string): TreeEntry {
  const [, type = "", sha = "", size = "", path = ""] =
    /^\d+ (\w+) (\w+) +(\S+)\t([\s\S]*)$/.exec(line) ?? [];
  return { type, sha, size: Number(size) || 0, path };
}

function entryPayload(place: RepositoryPlace, entry: TreeEntry, ref: string): object {
  const base = `${place.baseUrl}/repos/${place.fullName}`;
  return {
    type: entry.type === "tree" ? "dir" : "file",
    size: entry.size,
    name: entry.path.split("/").at(-1),
    path: entry.path,
    sha: entry.sha,
    url: `${base}/contents/${entry.path}?ref=${encodeURIComponent(ref)}`,
    git_url: `${base}/git/blobs/${entry.sha}`,
    html_url: `${place.baseUrl}/${place.fullName}/blob/${ref}/${entry.path}`,
    download_url: null,
  };
}

async function listCommits(context: GithubContext): Promise<Response> {
  const place = context.get("place");
  const commit = await commitOf(place.directory, context.req.query("sha") ?? "HEAD");
  if (commit === null) return notFound(context);
  const commits = await readCommits(place.directory, "-1000", commit);
  return context.json(page(context, commits).map((each) => commitPayload(place, each)));
}

async function oneCommit(context: GithubContext): Promise<Response> {
  const place = context.get("place");
  const ref = decodeURIComponent(context.req.param("ref") ?? "");
  const sha = await commitOf(place.directory, ref);
  const [commit] = sha === null ? [] : await readCommits(place.directory, "-1", sha);
  if (commit === undefined) return unprocessable(context, `No commit found for SHA: ${ref}`);
  const files = commit.changes.map(filePayload);
  return context.json({ ...commitPayload(place, commit), files });
}

/** The commit object itself: who, when and what, without what it changed. */
async function commitObject(context: GithubContext): Promise<Response> {
  const place = context.get("place");
  const sha = context.req.param("sha") ?? "";
  const [commit] =
    (await commitOf(place.directory, sha)) === sha ? await readCommits(place.directory, "-1", sha) : [];
  if (commit === undefined) return notFound(context);
  const { author, committer, message, tree, parents } = commit;
  return context.json({
    sha,
    author,
    committer,
    message,
    tree: { sha: tree },
    parents: parents.map((each) => ({ sha: each })),
  });
}

async function compare(context: GithubContext): Promise<Response> {
  const place = context.get("place");
  const [base, head] = decodeURIComponent(context.req.param("range") ?? "").split("...");
  const from = await commitOf(place.directory, base ?? "");
  const to = await commitOf(place.directory, head ?? "");
  if (from === null || to === null) return notFound(context);
  const merged = (await git(place.directory, "merge-base", from, to).catch(() => "")).trim();
  if (merged === "") return notFound(context, `No common ancestor between ${base} and ${head}.`);
  const ahead = [...(await readCommits(place.directory, `${from}..${to}`))].reverse();
  const behind = Number(await git(place.directory, "rev-list", "--count", `${to}..${from}`));
  const [baseCommit, mergeBase] = [
    await readCommits(place.directory, "-1", from),
    await readCommits(place.directory, "-1", merged),
  ];
  return context.json({
    url: context.req.url,
    html_url: `${place.baseUrl}/${place.fullName}/compare/${base}...${head}`,
    base_commit: baseCommit.map((commit) => commitPayload(place, commit))[0],
    merge_base_commit: mergeBase.map((commit) => commitPayload(place, commit))[0],
    status: comparison(ahead.length, behind),
    ahead_by: ahead.length,
    behind_by: behind,
    total_commits: ahead.length,
    commits: ahead.slice(0, 250).map((commit) => commitPayload(place, commit)),
    files: await changedFiles(place.directory, merged, to),
  });
}

function comparison(ahead: number, behind: number): string {
  if (ahead === 0) return behind === 0 ? "identical" : "behind";
  return behind === 0 ? "ahead" : "diverged";
}

async function changedFiles(directory: string, from: string, to: string): Promise<readonly object[]> {
  const output = await git(directory, "diff", "--name-status", "--no-renames", from, to);
  return output
    .split("\n")
    .filter((line) => line.includes("\t"))
    .map((line) => filePayload({ status: line.slice(0, 1), path: line.slice(line.indexOf("\t") + 1) }));
}

function filePayload({ status, path }: Readonly<{ status: string; path: string }>): object {
  const words: Readonly<Record<string, string>> = { A: "added", D: "removed" };
  return { filename: path, status: words[status] ?? "modified" };
}

/** A commit in the shape of GitHub's REST API. */
function commitPayload(place: RepositoryPlace, commit: Commit): object {
  const base = `${place.baseUrl}/repos/${place.fullName}`;
  const web = `${place.baseUrl}/${place.fullName}/commit`;
  return {
    sha: commit.id,
    url: `${base}/commits/${commit.id}`,
    html_url: `${web}/${commit.id}`,
    commit: {
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${base}/git/trees/${commit.tree}` },
      url: `${base}/git/commits/${commit.id}`,
      comment_count: 0,
      verification: { verified: false, reason: "unsigned", signature: null, payload: null },
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({ sha, url: `${base}/commits/${sha}`, html_url: `${web}/${sha}` })),
  };
}
