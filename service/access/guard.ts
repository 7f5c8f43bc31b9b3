import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { problem } from "../problem.ts";
import type { AppEnv, Identity, Role, ServiceDeps } from "../service-deps.ts";
import type { Sessions } from "./session.ts";
import { visitOfApi } from "./visit.ts";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** A reader needs the role viewer (which an operator has too), everything else the role operator. */
export function mayUse(params: Readonly<{ method: string; roles: readonly Role[] }>): boolean {
  const { method, roles } = params;
  return roles.includes("operator") || (safeMethods.has(method) && roles.includes("viewer"));
}

/**
 * Lets a request into the API with a token, signed in by Google, or, to read only, with the console's cookie: what changes
 * anything through the API can so never be triggered by another site.
 */
export function apiGuard(deps: ServiceDeps, sessions: Sessions): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const visit = await visitOfApi(c, deps, sessions);
    if (visit.kind === "refused") return problem(c, visit.problem);
    if (visit.kind === "nobody") return signInNeeded(c);
    const { identity } = visit;
    c.set("identity", identity);
    c.get("facts")["identity"] = identity.name;
    if (!mayUse({ method: c.req.method, roles: identity.roles })) return roleMissing(c, identity);
    return next();
  });
}

function signInNeeded(c: Context<AppEnv>): Response {
  c.header("www-authenticate", 'Bearer realm="gantry"');
  return problem(c, {
    code: "unauthenticated",
    detail: "The API needs a known token in the header `Authorization: Bearer TOKEN`.",
    next: "Send a token; in local mode it is printed at the start.",
  });
}

function roleMissing(c: Context<AppEnv>, identity: Identity): Response {
  return problem(c, { code: "forbidden", ...roleMissingWords(identity) });
}

/** Why somebody whom Gantry knows may not do this, and what would change it. */
export function roleMissingWords({ name, roles, via }: Identity): Readonly<{ detail: string; next: string }> {
  const may = roles.includes("viewer") ? "may read but not change anything" : "may do nothing here";
  const byToken = "Use the token of an operator.";
  const byPolicy =
    "The operator adds them under access in gantry.policy.yaml, by address where no Google Workspace of the domain keeps the account.";
  return {
    detail: `"${name}" ${may}: the role ${roles.includes("viewer") ? "operator" : "viewer or operator"} is needed.`,
    next: via === "token" ? byToken : byPolicy,
  };
}
