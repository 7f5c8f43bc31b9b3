import type { Handler } from "hono";
import { askCost, daysOf } from "../api/cost.ts";
import { serviceOf } from "../api/parameters.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { CostPage } from "./cost-page.tsx";
import { withDoctype } from "./document.ts";
import { MessagePage } from "./plain-pages.tsx";

/** The bill of one service for a person. */
export function showCostPage(deps: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const service = serviceOf(c);
    const days = daysOf(c.req.query("days")) ?? 30;
    const isKnown = service !== null && (await deps.store.look(service)).version > 0;
    const reading = isKnown ? await askCost(deps, c, days) : null;
    const identity = c.get("identity");
    if (service !== null && reading !== null)
      return c.html(
        withDoctype(<CostPage service={service} days={days} reading={reading} identity={identity} />),
      );
    const page = (
      <MessagePage
        title="No such service"
        detail={
          isKnown
            ? "Cloud Run has no such service yet, so it costs nothing."
            : "Gantry does not look after it."
        }
        next="gantry status"
        identity={identity}
      />
    );
    return c.html(withDoctype(page), 404);
  };
}
