import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { BuildEnd } from "./build-end.ts";
import type { BuildSource, GitSource } from "./build-resource.ts";

/** Brings the source of a build into an empty folder. @throws BuildEnd when it cannot. */
export type FetchSource = (
  source: BuildSource,
  workspace: string,
  around: Readonly<{ say: (line: string) => void; signal: AbortSignal }>,
) => Promise<void>;

/** Where a connected repository is cloned from, by its full name; null = no connection has it. */
export type LocateConnected = (repository: string) => Promise<string | null>;

/**
 * Fetches `gitSource` and `connectedRepository` with git itself: one commit, no history, from a file path or over HTTP.
 * `connected` finds the latter, and nobody else's repository.
 */
export function gitSourceFetcher(connected: LocateConnected = async () => null): FetchSource {
  return async (source, workspace, around) => {
    const git = source.gitSource ?? (await connectedSource(source, connected));
    if (git === null) throw unsupported(source);
    await fetchCommit(git, workspace, around);
  };
}

async function connectedSource(
  { connectedRepository: wanted }: BuildSource,
  connected: LocateConnected,
): Promise<GitSource | null> {
  if (wanted === undefined) return null;
  const url = await connected(wanted.repository);
  if (url === null) throw failed(`repository ${wanted.repository} not found`);
  const { revision } = wanted;
  return revision === undefined ? { url } : { url, revision };
}

async function fetchCommit(
  { url, revision }: GitSource,
  workspace: string,
  { say, signal }: Readonly<{ say: (line: string) => void; signal: AbortSignal }>,
): Promise<void> {
  const wanted = revision === undefined || revision === "" ? "HEAD" : revision;
  if (wanted.startsWith("-") || url.startsWith("-")) throw failed(`invalid revision ${wanted}`);
  await mkdir(workspace, { recursive: true });
  const git = (...words: string[]) => run(["-C", workspace, ...words], signal);
  say(`Fetching ${url} at ${wanted}`);
  try {
    await git("init", "--quiet");
    await git("fetch", "--quiet", "--depth=1", "--no-tags", url, wanted);
    await git("-c", "advice.detachedHead=false", "checkout", "--quiet", "FETCH_HEAD");
    say(`HEAD is now at ${(await git("rev-parse", "HEAD")).trim()}`);
  } catch (error) {
    signal.throwIfAborted();
    throw failed(error instanceof Error ? error.message : String(error));
  }
}

function failed(detail: string): BuildEnd {
  return new BuildEnd("FAILURE", `failed to fetch source: ${detail}`, "FETCH_SOURCE_FAILED");
}

function unsupported(source: BuildSource): BuildEnd {
  const kind = Object.keys(source)[0] ?? "no source";
  const sentence = `the local Cloud Build fetches gitSource and connectedRepository and carries no Cloud Storage (${kind})`;
  return failed(sentence);
}

function run(words: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("git", words, { signal, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr.trim() === "" ? error.message : stderr.trim()));
    });
  });
}
