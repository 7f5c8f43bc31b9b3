import type { Command } from "commander";
import { momentWords, scopeWords } from "../../shared/domain/freeze-words.ts";
import { freezesShape, type ShownFreeze, type ShownWindow } from "../api-shapes.ts";
import type { CliIo } from "../cli-io.ts";
import { exitCodes } from "../exit-code.ts";
import { harmless, table } from "../output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { type Verb, withExample } from "../verb.ts";

type Options = ServerOptions & Readonly<{ all?: true }>;

/** `gantry freeze list` */
export function addFreezeList(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("list")
    .description("Show who stopped what, until when and why, and the windows of the policy.")
    .option("--all", "also those that ended in the last 90 days, and windows that do not stand now")
    .action(async (options: Options) => finish(await list(openSession(io, options), options)));
  withExample(withServer(command), "gantry freeze list --all");
}

async function list(
  { api, out, io }: Session,
  { all = false }: Readonly<{ all?: boolean }>,
): Promise<number> {
  const answer = await api.get(`/freezes?all=${all}`, freezesShape);
  if (out.isJson) out.json(answer);
  else {
    const windows = answer.windows.filter(({ stands }) => all || stands);
    const rows = [
      ...answer.freezes.map((freeze) => freezeRow(freeze, io)),
      ...windows.map((each) => windowRow(each, io)),
    ];
    if (rows.length === 0) out.note("Nothing is frozen. Next: gantry freeze on SERVICE --reason TEXT");
    else out.line(table(["ID", "SERVICES", "STATE", "UNTIL", "BY", "WHY"], rows, out.paint));
    if (answer.freezes.some(isOpen)) out.note("Next: gantry freeze off ID");
  }
  return exitCodes.done;
}

function isOpen({ state }: ShownFreeze): boolean {
  return state === "stands" || state === "planned";
}

function freezeRow(
  { id, services, state, from, until, by, reason, lifted }: ShownFreeze,
  { zone }: CliIo,
): string[] {
  const end = lifted?.at ?? until;
  const begins = state === "planned" ? ` from ${momentWords(from, zone)}` : "";
  const who =
    lifted === null ? "" : ` by ${lifted.by.name}${lifted.reason === "" ? "" : `: ${lifted.reason}`}`;
  return [
    id,
    scopeWords({ services }),
    `${state}${begins}${who}`,
    end === null ? "somebody lifts it" : momentWords(end, zone),
    by.name,
    reason,
  ].map(harmless);
}

function windowRow({ name, services, stands, until }: ShownWindow, { zone }: CliIo): string[] {
  return [
    "-",
    scopeWords({ services: services.join(" or ") }),
    stands ? "stands" : "does not stand",
    until === null ? "-" : momentWords(until, zone),
    "the policy",
    name,
  ].map(harmless);
}
