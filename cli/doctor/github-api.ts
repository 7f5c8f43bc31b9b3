import type { z } from "zod";
import type { CliIo } from "../cli-io.ts";

/** What GitHub said: `status` 0 = nothing. `scopes` of a classic token; null = the token is of another kind, or none. */
export type GitHubAnswer<T> = Readonly<{ status: number; value: T | null; scopes: readonly string[] | null }>;

/** GitHub's REST API, read only, below one repository. */
export type GitHubApi = <T>(path: string, shape: z.ZodType<T>) => Promise<GitHubAnswer<T>>;

const timeoutMs = 10_000;

/**
 * Asks as this bearer; null = as a stranger, which sees what is public. GitHub names the scopes of a classic token in every answer
 * (https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps).
 */
export function githubApi(
  { fetch: send }: Pick<CliIo, "fetch">,
  { baseUrl, repository, bearer }: Readonly<{ baseUrl: string; repository: string; bearer: string | null }>,
): GitHubApi {
  const root = `${baseUrl.replace(/\/+$/, "")}/repos/${repository}`;
  const headers = {
    accept: "application/vnd.github+json",
    ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    "user-agent": "gantry",
  };
  return async (path, shape) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await send(`${root}${path}`, { headers, signal }).catch(() => null);
    if (answer === null) return { status: 0, value: null, scopes: null };
    const parsed = answer.ok ? shape.safeParse(await answer.json().catch(() => null)) : null;
    const scopes = answer.headers
      .get("x-oauth-scopes")
      ?.split(",")
      .map((scope) => scope.trim());
    return {
      status: answer.status,
      value: parsed?.success ? parsed.data : null,
      scopes: scopes?.filter((scope) => scope !== "") ?? null,
    };
  };
}
