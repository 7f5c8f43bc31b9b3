import type { Handler, MiddlewareHandler } from "hono";
import type { AppEnv, ServiceDeps } from "./service-deps.ts";

/**
 * `GET /metrics` for Prometheus. On one's own machine anybody may read it; elsewhere it needs the role viewer, as the API does
 * (`authorization` in the scrape config). Undefined handlers mean that there is none.
 */
export function metricsRoute(
  { metrics, mode }: ServiceDeps,
  guard: MiddlewareHandler<AppEnv>,
): Readonly<{ guard: MiddlewareHandler<AppEnv>; handler: Handler<AppEnv> }> {
  return {
    guard: mode === "local" ? (_c, next) => next() : guard,
    handler: async (c) => {
      if (metrics === undefined) return c.notFound();
      const { contentType, body } = await metrics();
      return c.body(body, 200, { "content-type": contentType });
    },
  };
}
