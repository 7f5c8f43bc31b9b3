import pRetry from "p-retry";
import { AppError } from "../../ports/app-error.ts";
import { refusalOf, retryAfterOf } from "./refusal.ts";

export type GitHubClientOptions = Readonly<{
  /** `https://api.github.com`, or the `/api/v3` of a GitHub Enterprise Server. */
  baseUrl: string;
  /** Asked at each request, so that a rotated token counts at once. Null = without a token: public repositories only. */
  token: () => string | null;
  timeoutMs?: number; // of one try, 10,000 without
  retries?: number; // after the first try, 2 without
  retryAfterMs?: number; // before the first retry, then doubled; 250 without
}>;

type GitHubRequest = Readonly<{
  path: string;
  accept: string;
  /** A larger body throws `source-too-large`. 0 = the body is not read. */
  maxBytes: number;
  /** Statuses that mean "there is no such thing". */
  absent: readonly number[];
}>;

type GitHubAnswer = Readonly<{ text: string; contentType: string }>;

export interface GitHubClient {
  /** Null = absent. What may pass is tried again a few times, a rate limit is not: it throws how long to wait. */
  get(request: GitHubRequest): Promise<GitHubAnswer | null>;
}

/** The version of the REST API that this client was written against. */
const apiVersion = "2022-11-28";

const defaults = { timeoutMs: 10_000, retries: 2, retryAfterMs: 250 } as const;

/** Reads from GitHub's REST API: each try has a time limit, and the token goes to `baseUrl` only. */
export function createGitHubClient(options: GitHubClientOptions): GitHubClient {
  const { retries = defaults.retries, retryAfterMs = defaults.retryAfterMs } = options;
  return {
    get: (request) =>
      pRetry(() => tryOnce({ options, request }), {
        retries,
        minTimeout: retryAfterMs,
        shouldRetry: ({ error }) =>
          error instanceof AppError && error.transient && retryAfterOf(error) === null,
      }),
  };
}

async function tryOnce(
  params: Readonly<{ options: GitHubClientOptions; request: GitHubRequest }>,
): Promise<GitHubAnswer | null> {
  const { options, request } = params;
  try {
    const response = await ask(params);
    if (request.absent.includes(response.status)) {
      await response.body?.cancel();
      return null;
    }
    if (!response.ok)
      throw await refusalOf({ response, path: request.path, hasToken: options.token() !== null });
    const contentType = response.headers.get("content-type") ?? "";
    return { text: await readText(response, request), contentType };
  } catch (error) {
    throw error instanceof AppError ? error : unreachable(error, request.path);
  }
}

function ask(params: Readonly<{ options: GitHubClientOptions; request: GitHubRequest }>): Promise<Response> {
  const { options, request } = params;
  const token = options.token();
  return fetch(`${options.baseUrl.replace(/\/+$/, "")}${request.path}`, {
    headers: {
      accept: request.accept,
      "user-agent": "gantry",
      "x-github-api-version": apiVersion,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(options.timeoutMs ?? defaults.timeoutMs),
  });
}

async function readText(response: Response, request: GitHubRequest): Promise<string> {
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
