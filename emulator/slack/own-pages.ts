import { createMiddleware } from "hono/factory";

/**
 * Refuses what the page of another site sends, and every request under a host name that somebody else has pointed here: nobody but
 * the person at this machine acts in the name of the people of the workspace.
 */
export const ownPagesOnly = createMiddleware(async (context, next) => {
  const host = context.req.header("host") ?? "";
  const origin = context.req.header("origin");
  const isLocal = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
  if (!isLocal || (origin !== undefined && origin !== `http://${host}`))
    return context.json({ error: "not for pages of other sites" }, 403);
  return next();
});
