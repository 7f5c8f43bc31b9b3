import type { Command } from "commander";
import { freezesOf, isFreezeId } from "../../shared/domain/freeze.ts";
import { freezeAnswerShape, freezesShape, type ShownFreeze } from "../api-shapes.ts";
import { Complaint, nothingChanged, usageComplaint } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { type Verb, withExample } from "../verb.ts";
import { freezeScope } from "./scope.ts";

type Options = ServerOptions & Readonly<{ all?: true; reason?: string }>;

/** `gantry freeze off [ID|SERVICE]` */
export function addFreezeOff(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("off")
    .description(
      "Lift a freeze, or those of a service; what was refused meanwhile is not released by itself.",
    )
    .argument("[which]", "the id of a freeze, as `gantry freeze list` shows it, or a service")
    .option("--all", "every freeze that somebody set")
    .option("--reason <TEXT>", "why; it is kept with the freeze")
    .action(async (which: string | undefined, options: Options) =>
      finish(await freezeOff(openSession(io, options), which, options)),
    );
  withExample(withServer(command), 'gantry freeze off background-removal --reason "it has moved"');
}

async function freezeOff(session: Session, which: string | undefined, options: Options): Promise<number> {
  const { api, out } = session;
  const ids = await idsOf(session, which, options);
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const answers = [];
  for (const id of ids)
    answers.push(await api.remove(`/freezes/${encodeURIComponent(id)}`, body, freezeAnswerShape));
  if (out.isJson) out.json({ lifted: answers });
  else for (const { message } of answers) out.line(message);
  return exitCodes.done;
}

async function idsOf(
  session: Session,
  which: string | undefined,
  { all }: Options,
): Promise<readonly string[]> {
  if ((which === undefined) !== (all === true))
    throw usageComplaint({
      happened: all ? "--all and one freeze are two things" : "Nothing says which freeze is to be lifted",
      why: "Name a freeze or a service, or say --all.",
      next: ["gantry freeze list", "gantry freeze off ID"],
    });
  if (which !== undefined && isFreezeId(which)) return [which];
  const service = which === undefined ? null : await freezeScope(session, which);
  const { freezes } = await session.api.get("/freezes", freezesShape);
  const { own, wider } = service === null ? { own: freezes, wider: [] } : freezesOf(freezes, service);
  if (own.length === 0) throw notFrozen(service, wider);
  return own.map(({ id }) => id);
}

function notFrozen(service: string | null, wider: readonly ShownFreeze[]): Complaint {
  const only = wider.map(({ id, services, reason }) => `gantry freeze off ${id}   # ${services}: ${reason}`);
  return new Complaint({
    code: "freeze-not-found",
    happened: service === null ? "Nobody set a freeze that stands" : `Nobody froze ${service} alone`,
    traffic: nothingChanged,
    why:
      wider.length === 0
        ? "Windows of gantry.policy.yaml are lifted there and nowhere else."
        : "It is frozen together with other services, for which the freeze would be lifted too.",
    next: [...only, "gantry freeze list"],
  });
}
