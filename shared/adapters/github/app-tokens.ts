import { createPrivateKey, type KeyObject } from "node:crypto";
import { AppError } from "../../ports/app-error.ts";
import type { Clock } from "../../ports/system.ts";
import { createGitHubClient } from "./client.ts";

export type GitHubApp = Readonly<{
  /** The app's id, or its client id. */
  id: string;
  /** PEM, as GitHub gives it (PKCS #1) or as PKCS #8; line ends may be written as `\n`. */
  privateKey: string;
  /** Null = looked up, for each repository. */
  installation: string | null;
}>;

/** The tokens with which a GitHub App acts, by repository. */
export type AppTokens = Readonly<{
  token: (repository: string) => Promise<string>;
  renew: (repository: string) => void;
}>;

/** GitHub takes no JWT for longer than 10 min; a clock may be off by one. */
const jwtLastsMs = 9 * 60_000;
const clocksDifferMs = 60_000;

/** A token lasts an hour; one that ends sooner than this is not begun with. */
const sparesMs = 5 * 60_000;

type Kept = Readonly<{ token: string; until: number }>;

/**
 * Acts as an installation of a GitHub App: a JWT that the app's key signs is exchanged for a token of one hour, which is
 * kept until shortly before its end; who asks meanwhile waits for the same exchange. Throws `source-denied` where the key
 * is none, or the app is not installed. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export function createAppTokens(
  params: Readonly<{ baseUrl: string; app: GitHubApp; clock: Clock }>,
): AppTokens {
  const { baseUrl, app, clock } = params;
  const installations = new Map<string, Promise<string>>();
  const kept = new Map<string, Promise<Kept>>();
  const client = createGitHubClient({ baseUrl, token: () => appAssertion(app, clock) });
  const installationOf = (repository: string): Promise<string> =>
    remembered(installations, repository, () => installed(client, repository));
  const exchanged = (installation: string): Promise<Kept> =>
    remembered(kept, installation, () => exchange(client, installation));
  const token = async (repository: string): Promise<string> => {
    const installation = app.installation ?? (await installationOf(repository));
    const first = await exchanged(installation);
    if (clock.now() < first.until - sparesMs) return first.token;
    kept.delete(installation);
    return (await exchanged(installation)).token;
  };
  const renew = (repository: string): void => {
    installations.delete(repository);
    kept.clear();
  };
  return { token, renew };
}

/** What is on its way or known is not asked for again; what failed is. */
function remembered<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const found = known.get(key);
  if (found !== undefined) return found;
  const asked = ask();
  known.set(key, asked);
  asked.catch(() => {
    if (known.get(key) === asked) known.delete(key);
  });
  return asked;
}

/** The app itself, as GitHub knows it for ten minutes. @throws AppError `source-denied` where the key is none. */
export async function appAssertion(
  { id, privateKey }: Pick<GitHubApp, "id" | "privateKey">,
  clock: Pick<Clock, "now">,
): Promise<string> {
  const key = keyFrom(privateKey);
  const { SignJWT } = await import("jose");
  const at = (ms: number): number => Math.floor(ms / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(id)
    .setIssuedAt(at(clock.now() - clocksDifferMs))
    .setExpirationTime(at(clock.now() + jwtLastsMs))
    .sign(key);
}

/** The key never stands in an error. */
function keyFrom(pem: string): KeyObject {
  try {
    return createPrivateKey(pem.replaceAll("\\n", "\n"));
  } catch {
    const message =
      "The private key of the GitHub App cannot be read. Give Gantry the whole .pem file that GitHub made for the app.";
    throw new AppError({ code: "source-denied", message, transient: false });
  }
}

type Client = ReturnType<typeof createGitHubClient>;

async function installed(client: Client, repository: string): Promise<string> {
  const path = `/repos/${repository}/installation`;
  const accept = "application/vnd.github+json";
  const answer = await client.get({ path, accept, maxBytes: 256 * 1024, absent: [404] });
  const id = answer === null ? null : fieldOf(answer.text, "id");
  if (typeof id === "number") return String(id);
  const message = `The GitHub App is not installed on ${repository}. Install it there, on the app's page under "Install App".`;
  throw new AppError({ code: "source-denied", message, transient: false, context: { repository } });
}

async function exchange(client: Client, installation: string): Promise<Kept> {
  const path = `/app/installations/${encodeURIComponent(installation)}/access_tokens`;
  const needs = "an installation: is the app still installed, and the installation's id right?";
  const text = await client.post({ path, body: {}, needs, signal: AbortSignal.timeout(10_000) });
  const token = fieldOf(text, "token");
  const until = Date.parse(String(fieldOf(text, "expires_at")));
  if (typeof token === "string" && Number.isFinite(until)) return { token, until };
  const message = "GitHub gave the app no token that can be read. Does the API address lead to GitHub?";
  throw new AppError({ code: "source-unavailable", message, transient: true });
}

function fieldOf(text: string, name: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? new Map(Object.entries(body)).get(name) : undefined;
  } catch {
    return undefined;
  }
}
