import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv, ServiceDeps } from "./service-deps.ts";

/** One line a request: never the query, a header or the body, for they may hold secrets. */
export function requestLog({ log, clock }: ServiceDeps): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const startedAt = clock.now();
    c.set("facts", {});
    await next();
    const { method, path } = c.req;
    const durationMs = clock.now() - startedAt;
    const fields = { requestId: c.get("requestId"), method, path, status: c.res.status, durationMs };
    log.info({ ...fields, ...c.get("facts") }, "Answered a request.");
  });
}
