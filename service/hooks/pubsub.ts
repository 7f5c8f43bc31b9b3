import type { Handler } from "hono";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";

/**
 * `POST /hooks/pubsub/:topic`: checks whose token the push carries, before its body is read, and takes it. 204 = Pub/Sub need
 * not come again, 5xx = it has to.
 */
export function pubsubHook({ pushes }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    if (pushes === undefined) {
      const detail = "This Gantry takes no pushes.";
      const next = "Name whose pushes it takes, in GANTRY_PUSH_ACCOUNT and GANTRY_PUSH_AUDIENCE.";
      return problem(c, { code: "not-found", detail, next });
    }
    const authorization = c.req.header("authorization");
    const verdict = await pushes.trust(authorization === undefined ? {} : { authorization: [authorization] });
    if (verdict.verdict === "refused") {
      const next = "Compare service account and audience of the subscription with Gantry's: gantry doctor";
      return problem(c, {
        code: "unauthenticated",
        detail: `The push is not trusted: ${verdict.why}.`,
        next,
      });
    }
    if (verdict.verdict === "unknown")
      return problem(c, { code: "unavailable", detail: verdict.why, next: "Pub/Sub delivers it again." });
    const raw = new Uint8Array(await c.req.arrayBuffer());
    const topic = c.req.param("topic") ?? "";
    const outcome = await pushes.take({ topic, headers: c.req.header(), body: parsed(raw), raw });
    Object.assign(c.get("facts"), { topic, push: outcome });
    if (outcome !== "again") return c.body(null, 204);
    return problem(c, {
      code: "unavailable",
      detail: "It could not be handled now.",
      next: "Look at the log.",
    });
  };
}

/** Undefined for what is not JSON. */
function parsed(raw: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(raw));
  } catch {
    return undefined;
  }
}
