import type { Context } from "hono";
import type { TokenVerdict } from "../../shared/ports/identity-tokens.ts";
import type { Problem } from "../problem.ts";
import type { AccessToken, AppEnv, GooglePeople, Identity, ServiceDeps } from "../service-deps.ts";
import { isFromAnotherSite } from "./same-origin.ts";
import type { Sessions } from "./session.ts";
import { tokenRefusal } from "./token-refusal.ts";
import { bearerOf, findToken, identityTokenOf } from "./tokens.ts";

/** Who makes a request. `refused`: somebody who claims to be one, and is not believed. */
export type Visit =
  | Readonly<{ kind: "known"; identity: Identity }>
  | Readonly<{ kind: "refused"; problem: Problem }>
  | Readonly<{ kind: "nobody" }>;

const nobody: Visit = { kind: "nobody" };
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Who asks something of the API: by a token of this server, through Identity-Aware Proxy, by an identity token of Google's,
 * or, to read only, by the console's cookie.
 */
export async function visitOfApi(
  c: Context<AppEnv>,
  { tokens, people }: ServiceDeps,
  sessions: Sessions,
): Promise<Visit> {
  const header = c.req.header("authorization");
  const presented = bearerOf(header);
  const token = presented === null ? null : findToken({ tokens, presented });
  if (token !== null) return known(token);
  const proxied = await visitThroughProxy(c, people);
  if (proxied.kind !== "nobody") return proxied;
  if (header !== undefined) return signedIn(c, people, header);
  if (!safeMethods.has(c.req.method)) return nobody;
  const session = await sessions.find(c);
  return session === null ? nobody : known(session);
}

/** Who opens a page: by the console's cookie, or through Identity-Aware Proxy. */
export async function visitOfConsole(
  c: Context<AppEnv>,
  { people }: ServiceDeps,
  sessions: Sessions,
): Promise<Visit> {
  const session = await sessions.find(c);
  return session === null ? visitThroughProxy(c, people) : known(session);
}

function known({ name, roles }: AccessToken): Visit {
  return { kind: "known", identity: { name, roles, via: "token" } };
}

/**
 * The proxy knows people by its own cookie, which a browser also sends when another site makes it ask: what changes anything
 * must come from a page of this site, or from no browser at all.
 */
async function visitThroughProxy(c: Context<AppEnv>, people: GooglePeople | null): Promise<Visit> {
  const assertion = c.req.header("x-goog-iap-jwt-assertion");
  if (!people?.iap || assertion === undefined) return nobody;
  if (!safeMethods.has(c.req.method) && isFromAnotherSite(c)) {
    const detail = "Another site made this browser ask.";
    return { kind: "refused", problem: { code: "origin-invalid", detail, next: "Use a page of this site." } };
  }
  const verdict = await people.iap.verify(assertion);
  const next =
    "Open the address of Identity-Aware Proxy; compare its audience with people.iap in gantry.server.yaml.";
  return visitBy(c, { verdict, people, what: "The assertion of Identity-Aware Proxy", next });
}

/**
 * gcloud takes an audience only for service accounts, and names an impersonated one only when asked to
 * (https://cloud.google.com/sdk/gcloud/reference/auth/print-identity-token).
 */
const nextToken =
  "gcloud auth print-identity-token --impersonate-service-account=ACCOUNT --include-email --audiences=AUDIENCE, with people.signIn of gantry.server.yaml as the audience and a service account that the policy names.";

async function signedIn(c: Context<AppEnv>, people: GooglePeople | null, header: string): Promise<Visit> {
  const token = identityTokenOf(header);
  if (!people?.signIn || token === null) return nobody;
  const verdict = await people.signIn.verify(token);
  return visitBy(c, { verdict, people, what: "The identity token", next: nextToken });
}

type Judged = Readonly<{ verdict: TokenVerdict; people: GooglePeople; what: string; next: string }>;

function visitBy(c: Context<AppEnv>, { verdict, people, what, next }: Judged): Visit {
  if (!verdict.ok) {
    c.get("facts")["refused"] = verdict.reason;
    return { kind: "refused", problem: tokenRefusal(verdict, { what, next }) };
  }
  return { kind: "known", identity: { name: verdict.email, roles: people.rolesOf(verdict), via: "google" } };
}
