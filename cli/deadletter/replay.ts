import type { Command } from "commander";
import { replayedShape } from "../api-shapes.ts";
import { exitCodes } from "../exit-code.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { type Verb, withExample } from "../verb.ts";

/** `gantry deadletter replay ID` */
export function addReplay(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("replay")
    .description("Deliver a message again that was given up; its attempts begin from zero.")
    .argument("<id>", "the message, as `gantry deadletter list` shows it")
    .action(async (id: string, options: ServerOptions) => finish(await replay(openSession(io, options), id)));
  withExample(withServer(command), "gantry deadletter replay 42");
}

async function replay({ api, out }: Session, id: string): Promise<number> {
  const answer = await api.post(`/deadletters/${encodeURIComponent(id)}/replay`, {}, replayedShape);
  if (out.isJson) out.json(answer);
  else out.line(`${answer.id} is delivered again.`);
  return exitCodes.done;
}
