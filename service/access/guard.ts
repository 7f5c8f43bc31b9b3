import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { problem } from "../problem.ts";
import type { AccessToken, AppEnv, Role, ServiceDeps } from "../service-deps.ts";
import type { Sessions } from "./session.ts";
import { bearerOf, findToken } from "./tokens.ts";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** A reader needs the role viewer (which an operator has too), everything else the role operator. */
export function mayUse(params: Readonly<{ method: string; roles: readonly Role[] }>): boolean {
  const { method, roles } = params;
  return roles.includes("operator") || (safeMethods.has(method) && roles.includes("viewer"));
}

/**
 * Lets a request into the API with a bearer token, or, to read only, with the console's cookie: what changes
 * anything through the API can so never be triggered by another site.
 */
export function apiGuard(deps: ServiceDeps, sessions: Sessions): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const token = await tokenOf(c, deps, sessions);
    if (token === null) return signInNeeded(c);
    c.set("identity", { name: token.name, roles: token.roles });
    c.get("facts")["identity"] = token.name;
    if (!mayUse({ method: c.req.method, roles: token.roles })) return roleMissing(c, token);
    return next();
  });
}

async function tokenOf(
  c: Context<AppEnv>,
  { tokens }: ServiceDeps,
  sessions: Sessions,
): Promise<AccessToken | null> {
  const header = c.req.header("authorization");
  if (header !== undefined) {
    const presented = bearerOf(header);
    return presented === null ? null : findToken({ tokens, presented });
  }
  return safeMethods.has(c.req.method) ? sessions.find(c) : null;
}

function signInNeeded(c: Context<AppEnv>): Response {
  c.header("www-authenticate", 'Bearer realm="gantry"');
  return problem(c, {
    code: "unauthenticated",
    detail: "The API needs a known token in the header `Authorization: Bearer TOKEN`.",
    next: "Send a token; in local mode it is printed at the start.",
  });
}

function roleMissing(c: Context<AppEnv>, token: AccessToken): Response {
  return problem(c, {
    code: "forbidden",
    detail: `"${token.name}" may read but not change anything: the role operator is needed.`,
    next: "Use the token of an operator.",
  });
}
