import pRetry from "p-retry";
import { AppError } from "../../ports/app-error.ts";
import { refusalOf, retryAfterOf } from "./refusal.ts";

export type GitHubClientOptions = Readonly<{
  /** `https://api.github.com`, or the `/api/v3` of a GitHub Enterprise Server. */
  baseUrl: string;
  /** Asked at each request, so that a rotated token counts at once. Null = without a token: public repositories only. */
  token: (repository: string) => string | null | Promise<string | null>;
  /** GitHub did not take the token: the next one is to be new. Absent = it is the same for ever. */
  renew?: (repository: string) => void;
  timeoutMs?: number; // of one try, 10,000 without
  retries?: number; // after the first try, 2 without
  retryAfterMs?: number; // before the first retry, then doubled; 250 without
}>;

type GitHubRequest = Readonly<{
  path: string;
  /** Whose token it is; absent = that of the repository in the path. A further page names it by its number only. */
  repository?: string;
  accept: string;
  /** A larger body throws `source-too-large`. 0 = the body is not read. */
  maxBytes: number;
  /** Statuses that mean "there is no such thing". */
  absent: readonly number[];
  /** Sent with the request when the caller has an answer of that name already. */
  etag?: string | null;
}>;

type GitHubPost = Readonly<{
  path: string;
  body: object;
  /** What the token needs, for whoever has to give it. */
  needs: string;
  signal: AbortSignal;
}>;

type GitHubAnswer = Readonly<{
  text: string;
  contentType: string;
  etag: string | null;
  /** Where the next page is, from the path on; null = this was the last. */
  next: string | null;
  /** True = the answer is the one that the caller has; there is no text. */
  unchanged: boolean;
}>;

export interface GitHubClient {
  /** Null = absent. What may pass is tried again a few times, a rate limit is not: it throws how long to wait. */
  get(request: GitHubRequest): Promise<GitHubAnswer | null>;
  /** One try: what it leads to may be there although the answer was lost, and the caller knows how to find out. */
  post(request: GitHubPost): Promise<string>;
}

/** The version of the REST API that this client was written against. */
const apiVersion = "2022-11-28";

const defaults = { timeoutMs: 10_000, retries: 2, retryAfterMs: 250 } as const;
const largestAnswer = 1024 * 1024;

/** GitHub's REST API: each try has a time limit, and the token goes to `baseUrl` only. */
export function createGitHubClient(options: GitHubClientOptions): GitHubClient {
  const { retries = defaults.retries, retryAfterMs = defaults.retryAfterMs } = options;
  return {
    get: (request) =>
      pRetry(() => getOnce(options, request), {
        retries,
        minTimeout: retryAfterMs,
        shouldRetry: ({ error }) =>
          error instanceof AppError && error.transient && retryAfterOf(error) === null,
      }),
    post: (request) => postOnce(options, request),
  };
}

async function getOnce(options: GitHubClientOptions, request: GitHubRequest): Promise<GitHubAnswer | null> {
  const { path, repository = repositoryOf(path), accept, etag = null, absent } = request;
  const headers = { accept, ...(etag === null ? {} : { "if-none-match": etag }) };
  return answered(path, async () => {
    const { response, hasToken } = await ask(options, { path, repository, headers });
    if (absent.includes(response.status)) {
      await response.body?.cancel();
      return null;
    }
    const unchanged = response.status === 304;
    if (!response.ok && !unchanged) throw await refusalOf({ response, path, hasToken });
    return {
      text: await readText(response, request),
      contentType: response.headers.get("content-type") ?? "",
      etag: response.headers.get("etag"),
      next: nextPage(response.headers.get("link"), options.baseUrl),
      unchanged,
    };
  });
}

async function postOnce(options: GitHubClientOptions, request: GitHubPost): Promise<string> {
  const { path, body, needs, signal } = request;
  const headers = { accept: "application/vnd.github+json", "content-type": "application/json" };
  return answered(path, async () => {
    const call = { method: "POST", headers, body: JSON.stringify(body), signal };
    const { response, hasToken } = await ask(options, { path, repository: repositoryOf(path), ...call });
    if (!response.ok) throw await refusalOf({ response, path, hasToken, needs });
    return readText(response, { maxBytes: largestAnswer, path });
  });
}

/** Every error of a try as an `AppError`. */
async function answered<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof AppError ? error : unreachable(error, path);
  }
}

type Call = Readonly<{
  path: string;
  repository: string;
  method?: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal;
}>;

type Asked = Readonly<{ response: Response; hasToken: boolean }>;

/** A token that was taken away before its time is asked for anew, once. */
async function ask(options: GitHubClientOptions, call: Call): Promise<Asked> {
  const asked = await askOnce(options, call);
  if (asked.response.status !== 401 || options.renew === undefined) return asked;
  await asked.response.body?.cancel();
  options.renew(call.repository);
  return askOnce(options, call);
}

async function askOnce(options: GitHubClientOptions, call: Call): Promise<Asked> {
  const { path, repository, ...init } = call;
  const token = await options.token(repository);
  const late = AbortSignal.timeout(options.timeoutMs ?? defaults.timeoutMs);
  const response = await fetch(`${options.baseUrl.replace(/\/+$/, "")}${path}`, {
    ...init,
    headers: {
      ...init.headers,
      "user-agent": "gantry",
      "x-github-api-version": apiVersion,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    signal: init.signal === undefined ? late : AbortSignal.any([late, init.signal]),
  });
  return { response, hasToken: token !== null };
}

/** `owner/name` of `/repos/owner/name/...`; empty for every other path. */
function repositoryOf(path: string): string {
  return /^\/repos\/([^/]+\/[^/?]+)/.exec(path)?.[1] ?? "";
}

/** The page after this one, by the header `Link`; GitHub's own address only, for the token goes with it. */
function nextPage(link: string | null, baseUrl: string): string | null {
  const url = /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
  const base = baseUrl.replace(/\/+$/, "");
  return url?.startsWith(`${base}/`) ? url.slice(base.length) : null;
}

async function readText(
  response: Response,
  request: Pick<GitHubRequest, "maxBytes" | "path">,
): Promise<string> {
  const { maxBytes, path } = request;
  if (maxBytes === 0) {
    await response.body?.cancel();
    return "";
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge({ maxBytes, path });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(params: Readonly<{ maxBytes: number; path: string }>): AppError {
  const { maxBytes, path } = params;
  const message = `GitHub's answer is larger than ${Math.round(maxBytes / 1024)} KiB, which Gantry does not read.`;
  return new AppError({ code: "source-too-large", message, transient: false, context: { path } });
}

function unreachable(error: unknown, path: string): AppError {
  const late = error instanceof Error && error.name === "TimeoutError";
  const message = late ? "GitHub did not answer in time." : "GitHub cannot be reached.";
  return new AppError({
    code: "source-unavailable",
    message,
    transient: true,
    context: { path },
    cause: error,
  });
}
