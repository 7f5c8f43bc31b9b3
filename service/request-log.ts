import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { readTraceparent } from "../shared/ports/tracing.ts";
import type { AppEnv, ServiceDeps } from "./service-deps.ts";

/** One line a request: never the query, a header or the body, for they may hold secrets. */
export function requestLog({ log, clock }: ServiceDeps): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const startedAt = clock.now();
    const trace = traceOfRequest({
      w3c: c.req.header("traceparent"),
      google: c.req.header("x-cloud-trace-context"),
    });
    c.set("facts", trace === null ? {} : { requestTrace: trace });
    await next();
    const { method, path } = c.req;
    const durationMs = clock.now() - startedAt;
    const fields = { requestId: c.get("requestId"), method, path, status: c.res.status, durationMs };
    log.info({ ...fields, ...c.get("facts") }, "Answered a request.");
  });
}

/**
 * The trace under which Google's front logs the request, so that its line and ours stand together; null = there is none
 * (https://cloud.google.com/trace/docs/trace-context#context-propagation).
 */
function traceOfRequest({
  w3c,
  google,
}: Readonly<{ w3c: string | undefined; google: string | undefined }>): string | null {
  return readTraceparent(w3c)?.traceId ?? /^([0-9a-f]{32})(?:\/|$)/.exec(google ?? "")?.[1] ?? null;
}
