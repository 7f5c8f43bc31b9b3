import type { Handler } from "hono";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { limitOf } from "./parameters.ts";
import { refusalView } from "./views.ts";

/** Requests that never became a release, newest first. */
export function listRefusals({ store }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const limit = limitOf(c.req.query("limit"));
    if (limit === null) {
      const detail = "`limit` is a whole number from 1 to 200.";
      return problem(c, { code: "query-invalid", detail, next: "GET /api/v1/refusals without it." });
    }
    return c.json({ refusals: (await store.refusals({ limit })).map(refusalView) });
  };
}

/** One refusal with every problem by place. */
export function showRefusal({ store }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const refusal = await store.refusal(c.req.param("id") ?? "");
    if (refusal !== null) return c.json(refusalView(refusal));
    const detail = "No request with this id was refused.";
    return problem(c, { code: "refusal-not-found", detail, next: "GET /api/v1/refusals lists them." });
  };
}
