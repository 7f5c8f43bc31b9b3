import type { Handler } from "hono";
import { noSuchService, refused } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { digestOf, serviceOf } from "./parameters.ts";
import { actorOf, answered } from "./release-commands.ts";

/** Images of one service that were rolled back and may not come again, newest first. */
export function listQuarantine({ store }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const service = serviceOf(c);
    if (service === null) return noSuchService(c);
    const { state, version } = await store.look(service);
    if (version === 0) return noSuchService(c, "Gantry has not been asked to look after such a service.");
    return c.json({ service, quarantine: [...state.quarantine].reverse() });
  };
}

/** `POST /services/{project}/{region}/{name}/quarantine/{digest}/free`. */
export function freeOne({ desk }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const service = serviceOf(c);
    if (service === null) return noSuchService(c);
    const digest = digestOf(c);
    if (digest !== null)
      return answered(c, await desk.freeDigest({ service, digest, by: actorOf(c, "api") }));
    const message = "An image is named by its whole digest: `sha256:` and 64 hex digits.";
    return refused(c, { code: "not-quarantined", message, next: `gantry quarantine list ${service}` });
  };
}
