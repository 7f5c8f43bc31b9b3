import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { problem } from "../problem.ts";
import type { AppEnv } from "../service-deps.ts";

/**
 * Lets a form through only when the browser says that a page of this very host sent it: beside the cookie's
 * SameSite=Strict this keeps other sites from acting in a signed-in person's name.
 */
export const sameOrigin = createMiddleware<AppEnv>(async (c, next) => {
  if (
    c.req.method === "GET" ||
    c.req.method === "HEAD" ||
    isOwn(c.req.header("origin"), c.req.header("host"))
  ) {
    return next();
  }
  const detail = "The header Origin is missing or names another site.";
  return problem(c, {
    code: "origin-invalid",
    detail,
    next: "Use the page itself, or the API with a token.",
  });
});

/** Whether a browser says that a page of another site made it ask; what is no browser says nothing of the kind. */
export function isFromAnotherSite(c: Context<AppEnv>): boolean {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site") ?? "none";
  return (
    (origin !== undefined && !isOwn(origin, c.req.header("host"))) || !["same-origin", "none"].includes(site)
  );
}

function isOwn(origin: string | undefined, host: string | undefined): boolean {
  return origin !== undefined && host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
