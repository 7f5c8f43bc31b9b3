import type { Handler } from "hono";
import { z } from "zod";
import { noSuchService } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { serviceOf } from "./parameters.ts";
import { actorOf, answered, bodyOf } from "./release-commands.ts";

const schema = z.strictObject({ reason: z.string().trim().max(500).default("") });

/** `POST /services/{project}/{region}/{name}/accept`: what somebody else changed is the truth from now on. */
export function acceptOne({ desk }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const service = serviceOf(c);
    if (service === null) return noSuchService(c);
    const body = await bodyOf(c, schema);
    if (!body.ok) return body.answer;
    const { reason } = body.value;
    return answered(c, await desk.acceptChanges({ service, reason, by: actorOf(c, "api") }));
  };
}
