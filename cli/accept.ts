import type { Command } from "commander";
import { answerShape } from "./api-shapes.ts";
import { exitCodes } from "./exit-code.ts";
import { openSession, type ServerOptions, type Session, withServer } from "./server-session.ts";
import { serviceKeyFor, servicePath } from "./service-name.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions & Readonly<{ reason?: string }>;

/** `gantry accept SERVICE` */
export function addAccept(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("accept")
    .description("Take what somebody changed on a service by hand for the truth, so that releases go on.")
    .argument("<service>", "project/region/name, or only the name where it is unique")
    .option("--reason <TEXT>", "why; it stays on record")
    .action(async (service: string, options: Options) =>
      finish(await accept(openSession(io, options), service, options)),
    );
  withExample(
    withServer(command),
    'gantry accept background-removal --reason "more memory for the new model"',
  );
}

async function accept(session: Session, service: string, { reason = "" }: Options): Promise<number> {
  const { api, out } = session;
  const key = await serviceKeyFor(session, service);
  const answer = await api.post(`${servicePath(key)}/accept`, { reason }, answerShape);
  if (out.isJson) out.json(answer);
  else out.line(answer.message);
  return exitCodes.done;
}
