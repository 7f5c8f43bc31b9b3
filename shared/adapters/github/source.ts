import { type CommitSha, isRepositoryName, parseCommitSha, type Timestamp } from "../../domain/ids.ts";
import { AppError } from "../../ports/app-error.ts";
import type { SourcePort, TagList } from "../../ports/source.ts";
import { createGitHubClient, type GitHubClient, type GitHubClientOptions } from "./client.ts";

export type GitHubSourceOptions = GitHubClientOptions &
  Readonly<{
    /** `https://github.com`, or where else `owner/name.git` can be cloned from. */
    cloneBase: string;
  }>;

/** Tags of tags of tags: git allows them, nobody means them. */
const maxTagDepth = 5;

const maxFileBytes = 1024 * 1024;
const maxJsonBytes = 1024 * 1024;
const maxComparisonBytes = 16 * 1024 * 1024;

/**
 * A repository as GitHub's REST API tells it. GitHub answers 404 also for a repository that the token may not see, so
 * "no such tag" can mean "not visible". Errors are `AppError`s: `source-unavailable` (transient), `source-denied`
 * (names what to do), `source-too-large`. https://docs.github.com/en/rest
 */
export function createGitHubSource(options: GitHubSourceOptions): SourcePort {
  const client = createGitHubClient(options);
  const cloneBase = options.cloneBase.replace(/\/+$/, "");
  return {
    resolveTag: async ({ repository, tag }) => {
      const path = `${pathOf(repository)}/git/ref/tags/${encodePath(tag)}`;
      return followTag({ client, repository, reference: await readReference(client, path) });
    },
    listTags: ({ repository, etag }) => listTags({ client, repository, etag }),
    readFile: async ({ repository, commit, path }) => {
      if (!isPlainPath(path)) return null;
      return readRaw(client, `${pathOf(repository)}/contents/${encodePath(path)}?ref=${commit}`);
    },
    committedAt: ({ repository, commit }) =>
      readCommitTime(client, `${pathOf(repository)}/git/commits/${commit}`),
    isOnBranch: async ({ repository, commit, branch }) => {
      if (!isPlainPath(branch)) return false;
      const path = `${pathOf(repository)}/git/ref/heads/${encodePath(branch)}`;
      const head = await readReference(client, path);
      return head !== null && isAncestor({ client, repository, head: head.sha, commit });
    },
    cloneUrl: (repository) => `${cloneBase}/${ownerAndName(repository)}.git`,
  };
}

const json = "application/vnd.github+json";
/** Gives the bytes of files up to 100 MB. A directory is answered as JSON all the same. */
const raw = "application/vnd.github.raw+json";

/** What a tag, or a tag object, points to. */
type Reference = Readonly<{ type: string; sha: string }>;

async function followTag(
  params: Readonly<{ client: GitHubClient; repository: string; reference: Reference | null }>,
): Promise<CommitSha | null> {
  const { client, repository } = params;
  let { reference } = params;
  for (let depth = 0; reference?.type === "tag" && depth < maxTagDepth; depth += 1) {
    reference = await readReference(client, `${pathOf(repository)}/git/tags/${encodePath(reference.sha)}`);
  }
  return reference?.type === "commit" ? parseCommitSha(reference.sha) : null;
}

/** https://docs.github.com/en/rest/git/commits#get-a-commit-object */
async function readCommitTime(client: GitHubClient, path: string): Promise<Timestamp | null> {
  const answer = await client.get({ path, accept: json, maxBytes: maxJsonBytes, absent: [404, 409, 422] });
  if (answer === null) return null;
  const body = parseJson(answer.text);
  const committer = isObject(body) ? body["committer"] : undefined;
  const at = isObject(committer) ? Date.parse(String(committer["date"])) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw unreadable(path);
}

const maxTagPages = 100;
const maxTagBytes = 16 * 1024 * 1024;

/**
 * All tags in one answer, which costs nothing of the rate limit while it is the same; where there are more pages, the first
 * one cannot tell that, and every one is read. https://docs.github.com/en/rest/git/refs#list-matching-references
 */
async function listTags(
  params: Readonly<{ client: GitHubClient; repository: string; etag: string | null }>,
): Promise<TagList | "unchanged" | null> {
  const { client, repository } = params;
  const tags: TagList["tags"][number][] = [];
  let path: string | null = `${pathOf(repository)}/git/matching-refs/tags/`;
  let etag = params.etag;
  for (let page = 1; path !== null && page <= maxTagPages; page += 1) {
    const asked = { path, repository, accept: json, maxBytes: maxTagBytes, absent: [404, 409] }; // 409: an empty repository
    const answer = await client.get({ ...asked, etag: page === 1 ? etag : null });
    if (answer === null) return null;
    if (answer.unchanged) return "unchanged";
    tags.push(...tagsIn(answer.text, path));
    etag = page === 1 && answer.next === null ? answer.etag : null;
    path = answer.next;
  }
  return { tags, etag };
}

const tagRef = "refs/tags/";

function tagsIn(text: string, path: string): TagList["tags"] {
  const body = parseJson(text);
  if (!Array.isArray(body)) throw unreadable(path);
  const refs: readonly unknown[] = body;
  return refs.map((entry) => {
    const { ref, object } = isObject(entry) ? entry : {};
    const sha = isObject(object) ? object["sha"] : undefined;
    if (typeof ref !== "string" || typeof sha !== "string") throw unreadable(path);
    return { name: ref.slice(tagRef.length), object: sha };
  });
}

async function readReference(client: GitHubClient, path: string): Promise<Reference | null> {
  const answer = await client.get({ path, accept: json, maxBytes: maxJsonBytes, absent: [404] });
  if (answer === null) return null;
  const body = parseJson(answer.text);
  if (Array.isArray(body)) return null; // older servers list the tags that begin with this name
  const reference = isObject(body) ? body["object"] : undefined;
  if (isObject(reference)) {
    const { type, sha } = reference;
    if (typeof type === "string" && typeof sha === "string") return { type, sha };
  }
  throw unreadable(path);
}

/**
 * Compares from the branch's head, not from its name: a tag of the same name could stand in for it. The second page
 * holds the status but not the changed files, which can be large.
 * https://docs.github.com/en/rest/commits/commits#compare-two-commits
 */
async function isAncestor(
  params: Readonly<{ client: GitHubClient; repository: string; head: string; commit: CommitSha }>,
): Promise<boolean> {
  const { client, repository, head, commit } = params;
  if (head === commit) return true;
  const path = `${pathOf(repository)}/compare/${encodePath(`${head}...${commit}`)}?per_page=1&page=2`;
  const answer = await client.get({ path, accept: json, maxBytes: maxComparisonBytes, absent: [404] });
  if (answer === null) return false;
  const body = parseJson(answer.text);
  if (!isObject(body) || typeof body["status"] !== "string") throw unreadable(path);
  return body["status"] === "behind" || body["status"] === "identical";
}

async function readRaw(client: GitHubClient, path: string): Promise<string | null> {
  const answer = await client.get({ path, accept: raw, maxBytes: maxFileBytes, absent: [404] });
  if (answer === null || /^application\/json\b/.test(answer.contentType)) return null;
  return answer.text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unreadable(path: string): AppError {
  const message = "GitHub answered something that is not its REST API. Does the API address lead to GitHub?";
  return new AppError({ code: "source-unavailable", message, transient: true, context: { path } });
}

function pathOf(repository: string): string {
  return `/repos/${ownerAndName(repository)}`;
}

/** `owner/name` and nothing else. */
function ownerAndName(repository: string): string {
  if (isRepositoryName(repository)) return repository;
  const message = `${JSON.stringify(repository.slice(0, 100))} is not a repository: write owner/name.`;
  throw new AppError({ code: "source-denied", message, transient: false });
}

/** No segment that a URL would swallow. */
function isPlainPath(path: string): boolean {
  return path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
