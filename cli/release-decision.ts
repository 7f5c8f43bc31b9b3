import type { Command } from "commander";
import { answerShape } from "./api-shapes.ts";
import { exitCodes } from "./exit-code.ts";
import { openSession, type ServerOptions, withServer } from "./server-session.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions & Readonly<{ reason?: string }>;

type Decision = Readonly<{
  name: "cancel" | "pause" | "resume" | "promote";
  description: string;
  reason: "none" | "possible";
  example: string;
}>;

/** A verb that tells Gantry what a person decided about one release. */
export function addDecision(parent: Command, { io, finish }: Verb, decision: Decision): void {
  const { name, description, reason, example } = decision;
  const command = parent
    .command(name)
    .description(description)
    .argument("<id>", "the release, as `gantry releases list` shows it");
  if (reason === "possible") command.option("--reason <TEXT>", "why; it is kept with the release");
  command.action(async (id: string, options: Options) => finish(await decide(io, name, id, options)));
  withExample(withServer(command), example);
}

async function decide(io: Verb["io"], name: Decision["name"], id: string, options: Options): Promise<number> {
  const { api, out } = openSession(io, options);
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const answer = await api.post(`/releases/${encodeURIComponent(id)}/${name}`, body, answerShape);
  if (out.isJson) out.json(answer);
  else out.line(answer.message);
  return exitCodes.done;
}
