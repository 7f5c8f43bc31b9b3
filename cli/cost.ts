import { type Command, InvalidArgumentError } from "commander";
import { maxCostDays } from "../shared/domain/cost.ts";
import { costShape } from "./cost-shape.ts";
import { costText } from "./cost-text.ts";
import { exitCodes } from "./exit-code.ts";
import { openSession, type ServerOptions, type Session, withServer } from "./server-session.ts";
import { serviceKeyFor, servicePath } from "./service-name.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions & Readonly<{ days: number }>;

/** `gantry cost SERVICE` */
export function addCost(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("cost")
    .description(
      "Show what a service cost, what each way to keep it warm would cost, and which instances nobody uses.",
    )
    .argument("<service>", "project/region/name, or only the name where it is unique")
    .option("--days <N>", `up to now, 1 to ${maxCostDays}`, daysOption, 30)
    .action(async (service: string, options: Options) =>
      finish(await cost(openSession(io, options), service, options.days)),
    );
  withExample(withServer(command), "gantry cost background-removal --days 7");
}

function daysOption(text: string): number {
  const days = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= maxCostDays) return days;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${maxCostDays}.`);
}

async function cost(session: Session, service: string, days: number): Promise<number> {
  const { api, out } = session;
  const key = await serviceKeyFor(session, service);
  const answer = await api.get(`${servicePath(key)}/cost?days=${days}`, costShape);
  if (out.isJson) out.json(answer);
  else out.line(costText(answer, out.paint));
  return exitCodes.done;
}
