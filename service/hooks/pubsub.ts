import type { Context, Handler, MiddlewareHandler } from "hono";
import { problem } from "../problem.ts";
import type { AppEnv, PushDoor, ServiceDeps } from "../service-deps.ts";

/**
 * `POST /hooks/pubsub/:topic`. `guard` checks whose token the push carries; it belongs before whatever reads the body, also before
 * a cap on it, which holds a body without a length in memory. `handler` takes the push: 204 = Pub/Sub need not come again, 5xx =
 * it has to.
 */
export function pubsubHook({
  pushes,
}: ServiceDeps): Readonly<{ guard: MiddlewareHandler<AppEnv>; handler: Handler<AppEnv> }> {
  return pushes === undefined
    ? { guard: noPushes, handler: noPushes }
    : { guard: guardOf(pushes), handler: takerOf(pushes) };
}

const noPushes = async (c: Context<AppEnv>): Promise<Response> => {
  const detail = "This Gantry takes no pushes.";
  const next = "Name whose pushes it takes, in GANTRY_PUSH_ACCOUNT and GANTRY_PUSH_AUDIENCE.";
  return problem(c, { code: "not-found", detail, next });
};

function guardOf({ trust }: PushDoor): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const authorization = c.req.header("authorization");
    const verdict = await trust(authorization === undefined ? {} : { authorization: [authorization] });
    if (verdict.verdict === "trusted") return next();
    if (verdict.verdict === "unknown")
      return problem(c, { code: "unavailable", detail: verdict.why, next: "Pub/Sub delivers it again." });
    const advice = "Compare service account and audience of the subscription with Gantry's: gantry doctor";
    const detail = `The push is not trusted: ${verdict.why}.`;
    return problem(c, { code: "unauthenticated", detail, next: advice });
  };
}

function takerOf({ take }: PushDoor): Handler<AppEnv> {
  return async (c) => {
    const raw = new Uint8Array(await c.req.arrayBuffer());
    const topic = c.req.param("topic") ?? "";
    const outcome = await take({ topic, headers: c.req.header(), body: parsed(raw), raw });
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
