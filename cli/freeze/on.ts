import type { Command } from "commander";
import { parseMoment } from "../../shared/config/moment.ts";
import { parseDuration } from "../../shared/config/units.ts";
import { everyService } from "../../shared/domain/freeze.ts";
import { freezeAnswerShape } from "../api-shapes.ts";
import { usageComplaint } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { type Verb, withExample } from "../verb.ts";
import { freezeScope } from "./scope.ts";

type Options = ServerOptions &
  Readonly<{ all?: true; from?: string; until?: string; for?: string; reason?: string }>;

/** `gantry freeze on [SERVICE]` */
export function addFreezeOn(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("on")
    .description("Release nothing new; what was admitted before goes on, and the answer names it.")
    .argument("[service]", "project/region/name (with * and **), or only the name where it is unique")
    .option("--all", "every service")
    .option("--until <TIME>", "the end, such as 2026-12-24T18:00, on this machine's clock or with an offset")
    .option("--for <DURATION>", "how long, such as 4h (else, and without --until: until somebody lifts it)")
    .option("--from <TIME>", "the begin (else now)")
    .option("--reason <TEXT>", "why; everybody whose release it refuses reads it (required)")
    .action(async (service: string | undefined, options: Options) =>
      finish(await freezeOn(openSession(io, options), service, options)),
    );
  withExample(
    withServer(command),
    'gantry freeze on background-removal --for 4h --reason "the database moves"',
    'gantry freeze on --all --until 2026-12-27T08:00 --reason "holidays"',
  );
}

async function freezeOn(session: Session, named: string | undefined, options: Options): Promise<number> {
  const { io, api, out } = session;
  const times = timesOf(options, io.zone);
  if (options.reason === undefined || options.reason.trim() === "") throw withoutReason();
  const service = options.all && named === undefined ? everyService : await scopeOf(session, named, options);
  const body = { service, reason: options.reason, zone: io.zone, ...times };
  const answer = await api.post("/freezes", body, freezeAnswerShape);
  if (out.isJson) out.json(answer);
  else out.line(answer.message);
  return exitCodes.done;
}

function scopeOf(session: Session, named: string | undefined, { all }: Options): Promise<string> {
  if (named !== undefined && !all) return freezeScope(session, named);
  throw usageComplaint({
    happened:
      named === undefined ? "Nothing says what is to be frozen" : "--all and a service are two things",
    why: "Name one service, or say --all.",
    next: ["gantry freeze on SERVICE --reason TEXT", "gantry freeze on --all --reason TEXT"],
  });
}

/** The times as the API takes them, each with its zone. */
function timesOf(options: Options, zone: string): Readonly<Record<string, string>> {
  const { from, until, for: span } = options;
  if (span !== undefined && until !== undefined)
    throw wrongTime("--for and --until say two ends", "Say one of them.");
  if (span !== undefined && (parseDuration(span) ?? 0) <= 0)
    throw wrongTime(`--for ${span} is no duration`, "Write it as 30m, 4h or 2d.");
  return {
    ...(from === undefined ? {} : { from: momentOf("--from", from, zone) }),
    ...(until === undefined ? {} : { until: momentOf("--until", until, zone) }),
    ...(span === undefined ? {} : { for: span }),
  };
}

function momentOf(option: string, text: string, zone: string): string {
  const at = parseMoment(text, zone);
  if (at !== null) return new Date(at).toISOString().replace(".000Z", "Z");
  throw wrongTime(
    `${option} ${text} is no time`,
    `Write it as 2026-12-24T18:00, on the clock of ${zone}, or with an offset as 2026-12-24T18:00+01:00.`,
  );
}

function wrongTime(happened: string, why: string) {
  return usageComplaint({ happened, why, next: ["gantry freeze on SERVICE --for 4h --reason TEXT"] });
}

function withoutReason() {
  return usageComplaint({
    code: "freeze-without-reason",
    happened: "A freeze says why",
    why: "Everybody whose release it refuses reads the reason.",
    next: ['gantry freeze on SERVICE --reason "the database moves"'],
  });
}
