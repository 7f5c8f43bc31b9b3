import type { Command } from "commander";
import { explanationShape } from "../api-shapes.ts";
import { exitCodes } from "../exit-code.ts";
import { harmless } from "../output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { padded } from "../service-text.ts";
import { type Verb, withExample } from "../verb.ts";
import { orRefusal } from "./refused.ts";

/** `gantry releases explain ID` */
export function addExplain(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("explain")
    .description("Say what happened to a release, what it means for the traffic, why, and what to type next.")
    .argument("<id>", "the release, as `gantry releases list` shows it")
    .action(async (id: string, options: ServerOptions) =>
      finish(await explain(openSession(io, options), id)),
    );
  withExample(withServer(command), "gantry releases explain r-3k9x0a2b");
}

async function explain(session: Session, id: string): Promise<number> {
  const { api, out } = session;
  const path = `/releases/${encodeURIComponent(id)}/explain`;
  const explanation = await orRefusal(session, id, () => api.get(path, explanationShape));
  if (explanation === null) return exitCodes.failed;
  if (out.isJson) {
    out.json(explanation);
    return exitCodes.done;
  }
  const { happened, traffic, why, next } = explanation;
  const rows = [
    ["Traffic", harmless(traffic)],
    ["Why", harmless(why)],
    ...next.map((command, index) => [index === 0 ? "Next" : "", harmless(command)]),
  ];
  out.line(`${out.paint.bold(harmless(happened))}\n${padded(rows)}`);
  return exitCodes.done;
}
