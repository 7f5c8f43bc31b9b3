import type { Handler } from "hono";
import { z } from "zod";
import { parseDuration } from "../../shared/config/units.ts";
import type { Timestamp } from "../../shared/domain/ids.ts";
import type { ServiceState } from "../../shared/domain/service-state.ts";
import { stretchAt, warmthInWords } from "../../shared/domain/warm-plan.ts";
import { warmthOf } from "../../shared/domain/warm-state.ts";
import { noSuchService } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { serviceOf } from "./parameters.ts";
import { actorOf, answered, bodyOf } from "./release-commands.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const schema = z.strictObject({
  for: z
    .string()
    .refine((text) => {
      const ms = parseDuration(text) ?? 0;
      return ms >= minuteMs && ms <= dayMs;
    }, "is a duration between 1m and 24h, like 2h")
    .default("2h"),
});

/** Whether and why a service is warm, as the API and the console show it. */
export async function warmthView(
  { store }: Pick<ServiceDeps, "store">,
  { state, now }: Readonly<{ state: ServiceState; now: Timestamp }>,
) {
  const config = state.live === null ? null : await store.config(state.live.configHash);
  const facts = { state, now, config };
  return { ...warmthOf(state), until: stretchAt(facts)?.until ?? null, words: warmthInWords(facts) };
}

/** `POST /services/{project}/{region}/{name}/warm`. */
export function warmOne({ desk }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const service = serviceOf(c);
    if (service === null) return noSuchService(c);
    const body = await bodyOf(c, schema);
    if (!body.ok) return body.answer;
    const forMs = parseDuration(body.value.for) ?? 0;
    return answered(c, await desk.warm({ service, forMs, by: actorOf(c, "api") }));
  };
}

/** `POST /services/{project}/{region}/{name}/cool`. */
export function coolOne({ desk }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const service = serviceOf(c);
    return service === null
      ? noSuchService(c)
      : answered(c, await desk.coolDown({ service, by: actorOf(c, "api") }));
  };
}
