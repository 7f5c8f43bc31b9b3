import type { Context, Handler } from "hono";
import { maxCostDays } from "../../shared/domain/cost.ts";
import type { CostReading } from "../../shared/usecases/cost.ts";
import { noSuchService, problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { serviceOf } from "./parameters.ts";

const withinMs = 20_000;
const usualDays = 30;

/** `GET /services/{project}/{region}/{name}/cost?days=30` */
export function showCost(deps: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const days = daysOf(c.req.query("days"));
    const service = serviceOf(c);
    if (service === null) return noSuchService(c);
    if (days === null) {
      const detail = `\`days\` is a whole number from 1 to ${maxCostDays}: Cloud Monitoring keeps no more.`;
      return problem(c, { code: "query-invalid", detail, next: `GET ${c.req.path}?days=${usualDays}` });
    }
    const { version } = await deps.store.look(service);
    if (version === 0) return noSuchService(c, "Gantry has not been asked to look after such a service.");
    const reading = await askCost(deps, c, days);
    if (reading === null) return noSuchService(c, "Cloud Run has no such service yet, so it costs nothing.");
    return c.json({ service, days, currency: "USD", ...reading });
  };
}

/** The bill of the service in the path; null = Cloud Run has none. What metrics cannot tell in 20 s stays unknown. */
export async function askCost(
  { cost }: Pick<ServiceDeps, "cost">,
  c: Context<AppEnv>,
  days: number,
): Promise<CostReading | null> {
  const service = serviceOf(c);
  if (service === null) return null;
  const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(withinMs)]);
  return cost({ service, days, signal });
}

/** A whole number of days, 30 when nothing is said; null = not such a number. */
export function daysOf(text: string | undefined): number | null {
  if (text === undefined) return usualDays;
  const days = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  return days >= 1 && days <= maxCostDays ? days : null;
}
