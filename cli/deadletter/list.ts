import type { Command } from "commander";
import { deadLettersShape } from "../api-shapes.ts";
import { exitCodes } from "../exit-code.ts";
import { formatTime } from "../local-time.ts";
import { harmless, table } from "../output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { type Verb, withExample } from "../verb.ts";

/** `gantry deadletter list` */
export function addDeadLetterList(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("list")
    .description("List the messages that were given up after all their attempts, newest first.")
    .action(async (options: ServerOptions) => finish(await list(openSession(io, options))));
  withExample(withServer(command), "gantry deadletter list");
}

async function list({ api, out, io }: Session): Promise<number> {
  const answer = await api.get("/deadletters?limit=200", deadLettersShape);
  if (out.isJson) out.json(answer);
  else if (answer.deadletters.length === 0) out.note("No message was given up.");
  else {
    const rows = answer.deadletters.map((letter) => [
      harmless(letter.id),
      harmless(letter.subscription),
      String(letter.attempts),
      formatTime(letter.deadAt, io),
      letter.replayedAt === null ? "-" : formatTime(letter.replayedAt, io),
      harmless(letter.lastError),
    ]);
    out.line(
      table(["MESSAGE", "SUBSCRIPTION", "ATTEMPTS", "GIVEN UP", "REPLAYED", "LAST ERROR"], rows, out.paint),
    );
  }
  return exitCodes.done;
}
