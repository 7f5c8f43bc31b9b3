import { AppError } from "../../ports/app-error.ts";

/** Without a word of GitHub's, a rate limit lasts at least a minute, its documentation says. */
const defaultWaitMs = 60_000;

/** How long to wait, for an error that came of a rate limit; null for any other. */
export function retryAfterOf(error: AppError): number | null {
  const { retryAfterMs } = error.context;
  return typeof retryAfterMs === "number" ? retryAfterMs : null;
}

/**
 * What an answer other than 2xx means: a rate limit (403 or 429) and 5xx may pass, 401 and 403 need a person, and what
 * is left is a refusal. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export async function refusalOf(
  params: Readonly<{ response: Response; path: string; hasToken: boolean; needs?: string }>,
): Promise<AppError> {
  const { response, path, hasToken, needs = "read access to this repository's contents" } = params;
  const { status } = response;
  const told = await toldBy(response);
  const context = { path, status };
  if (isRateLimit(response, told)) {
    const retryAfterMs = waitOf(response.headers);
    const message = `GitHub's rate limit is used up; it opens again in ${Math.ceil(retryAfterMs / 1000)} s.${hasToken ? "" : " With a token it is far higher."}`;
    const limited = { ...context, retryAfterMs };
    return new AppError({ code: "source-unavailable", message, transient: true, context: limited });
  }
  if (status >= 500 || status === 408) {
    const message = `GitHub answers ${status} at the moment.`;
    return new AppError({ code: "source-unavailable", message, transient: true, context });
  }
  if (told.tooLarge) {
    const message = "GitHub does not serve a file of this size.";
    return new AppError({ code: "source-too-large", message, transient: false, context });
  }
  const message = deniedMessage({ status, told: told.message, hasToken, needs });
  return new AppError({ code: "source-denied", message, transient: false, context });
}

type Told = Readonly<{ message: string; tooLarge: boolean }>;

/** GitHub's own sentence. The body is cut at 4 KiB and need not be JSON. */
async function toldBy(response: Response): Promise<Told> {
  const text = await firstBytes(response, 4096).catch(() => "");
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.){0,300})"/.exec(text)?.[1] ?? "";
  return { message, tooLarge: /"code"\s*:\s*"too_large"/.test(text) };
}

async function firstBytes(response: Response, limit: number): Promise<string> {
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.length >= limit) break;
  }
  return text.slice(0, limit);
}

function isRateLimit(response: Response, told: Told): boolean {
  if (response.status === 429) return true;
  if (response.status !== 403) return false;
  const { headers } = response;
  return (
    headers.has("retry-after") ||
    headers.get("x-ratelimit-remaining") === "0" ||
    /rate limit/i.test(told.message)
  );
}

function waitOf(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const resetAt = Number(headers.get("x-ratelimit-reset") ?? Number.NaN) * 1000;
  const waitMs = resetAt - Date.now();
  return headers.get("x-ratelimit-remaining") === "0" && waitMs > 0 ? waitMs : defaultWaitMs;
}

type Denied = Readonly<{ status: number; told: string; hasToken: boolean; needs: string }>;

function deniedMessage({ status, told, hasToken, needs }: Denied): string {
  const said = told === "" ? "" : ` It says: "${told}".`;
  if (status === 401) {
    return `GitHub does not accept the token.${said} Give Gantry a token that is valid and not expired.`;
  }
  if (status === 403 || status === 404) {
    const need = hasToken ? `Give the token ${needs}` : "Give Gantry a token";
    return `GitHub does not let Gantry do this.${said} ${need}; for an organization with single sign-on, authorize it there.`;
  }
  return `GitHub refused the request with ${status}.${said}`;
}
