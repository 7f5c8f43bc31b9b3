import type { Command } from "commander";
import { answerShape } from "./api-shapes.ts";
import { confirm } from "./confirmation.ts";
import { exitCodes } from "./exit-code.ts";
import { openSession, type ServerOptions, withServer } from "./server-session.ts";
import { serviceKeyFor, servicePath } from "./service-name.ts";
import { type Verb, withExample } from "./verb.ts";

export type RollbackOptions = ServerOptions &
  Readonly<{ to?: string; reason?: string; direct?: true; endpoint?: string; yes?: true }>;

/** `gantry rollback SERVICE` */
export function addRollback(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("rollback")
    .description("Give all traffic back to the revision before, or to one that is named.")
    .argument("<service>", "project/region/name, or only the name where it is unique (not with --direct)")
    .option("--to <REVISION>", "the revision to go back to (else the one that was stable before)")
    .option("--reason <TEXT>", "why; it is kept with the release")
    .option("--yes", "do not ask")
    .option("--direct", "ask Cloud Run itself: works while Gantry is down; needs your own Google credentials")
    .option("--endpoint <HOST:PORT>", "with --direct: a local cloud in place of Google's (plain text)")
    .action(async (service: string, options: RollbackOptions) =>
      finish(await rollback(io, service, options)),
    );
  withExample(withServer(command), 'gantry rollback background-removal --reason "grey edges"');
}

async function rollback(io: Verb["io"], service: string, options: RollbackOptions): Promise<number> {
  if (options.direct) {
    const { rollbackDirect } = await import("./rollback-direct.ts");
    return rollbackDirect(io, service, options);
  }
  const session = openSession(io, options);
  const { to, reason } = options;
  const key = await serviceKeyFor(session, service);
  await confirm(io, options, {
    question: `Give all traffic of ${key} back to ${to ?? "the revision before"}?`,
    not: "Not rolled back",
    again: "gantry rollback SERVICE --yes",
  });
  const body = { ...(to === undefined ? {} : { to }), ...(reason === undefined ? {} : { reason }) };
  const answer = await session.api.post(`${servicePath(key)}/rollback`, body, answerShape);
  const { out } = session;
  if (out.isJson) out.json(answer);
  else out.line(answer.message);
  out.note(`Next: gantry status ${key} --watch`);
  return exitCodes.done;
}
