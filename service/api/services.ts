import type { Handler } from "hono";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { serviceOf } from "./parameters.ts";
import type { TrafficReading } from "./traffic-reading.ts";
import { serviceView } from "./views.ts";
import { warmthView } from "./warmth.ts";

/** Every service that Gantry looks after, by key. */
export function listServices({ store, clock, freezes }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const now = clock.now();
    const over = await freezes.standing();
    const states = [...(await store.services())].sort((a, b) => a.key.localeCompare(b.key));
    return c.json({ services: states.map((state) => serviceView({ state, now, frozen: over(state.key) })) });
  };
}

/** One service: what Gantry knows, what it owes, and what Cloud Run says of the traffic. */
export function showService(
  { store, clock, freezes }: ServiceDeps,
  traffic: (service: ServiceKey) => Promise<TrafficReading>,
): Handler<AppEnv> {
  return async (c) => {
    const key = serviceOf(c);
    const loaded = key === null ? null : await store.look(key);
    if (key === null || loaded === null || loaded.version === 0) {
      const detail = "Gantry has not been asked to look after such a service.";
      return problem(c, {
        code: "service-not-found",
        detail,
        next: "GET /api/v1/services lists those it knows.",
      });
    }
    const [owedWork, reading, over] = await Promise.all([
      store.owedWork(key),
      traffic(key),
      freezes.standing(),
    ]);
    const { state, version } = loaded;
    const now = clock.now();
    const view = serviceView({ state, now, frozen: over(key) });
    const warmth = await warmthView({ store }, { state, now });
    return c.json({ ...view, version, owedWork, traffic: reading, warmth });
  };
}
