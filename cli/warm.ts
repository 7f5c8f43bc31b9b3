import type { Command } from "commander";
import { z } from "zod";
import { formatDuration } from "../shared/config/units.ts";
import { answerShape } from "./api-shapes.ts";
import { usageComplaint } from "./complaint.ts";
import { exitCodes } from "./exit-code.ts";
import { harmless } from "./output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "./server-session.ts";
import { serviceKeyFor, servicePath } from "./service-name.ts";
import { timeoutOption } from "./timeout-option.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions & Readonly<{ for?: number; off?: true }>;

const lookEveryMs = 250;
/** A write of the minimum is read back within seconds; what takes longer goes on without this command. */
const patienceMs = 30_000;

const warmthShape = z.looseObject({
  warmth: z.looseObject({
    words: z.string(),
    due: z.looseObject({ to: z.number() }).nullable(),
    raised: z.looseObject({ from: z.number(), to: z.number() }).nullable(),
    pings: z.looseObject({ slot: z.string() }).nullable(),
    backoff: z.looseObject({ message: z.string(), until: z.number() }).nullable(),
    asked: z.looseObject({ at: z.number(), until: z.number() }).nullable(),
  }),
});

type ShownWarmth = z.infer<typeof warmthShape>["warmth"];

/** `gantry warm SERVICE` */
export function addWarm(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("warm")
    .description("Keep what is live warm now, whatever its hours are, and show what was done.")
    .argument("<service>", "project/region/name, or only the name where it is unique")
    .option("--for <DURATION>", "for how long, 24h at most (else 2h)", timeoutOption)
    .option("--off", "end that, and give up the window that is open until the next one")
    .action(async (service: string, options: Options) =>
      finish(await warm(openSession(io, options), service, options)),
    );
  withExample(withServer(command), "gantry warm background-removal --for 2h");
}

async function warm(session: Session, service: string, options: Options): Promise<number> {
  if (options.off && options.for !== undefined)
    throw usageComplaint({
      code: "usage",
      happened: "--off and --for do not go together",
      why: "One ends the warmth, the other begins it.",
      next: ["gantry warm SERVICE --off"],
    });
  const { api, out } = session;
  const path = servicePath(await serviceKeyFor(session, service));
  const isOff = options.off === true;
  const body = options.for === undefined ? {} : { for: formatDuration(options.for) };
  const answer = isOff
    ? await api.post(`${path}/cool`, {}, answerShape)
    : await api.post(`${path}/warm`, body, answerShape);
  if (!out.isJson) out.line(harmless(answer.message));
  const warmth = await untilDone(session, path, isOff ? isCold : isWarm);
  if (out.isJson) out.json({ ...answer, warmth });
  else out.line(harmless(warmth.words));
  out.note("Next: gantry status SERVICE   # the traffic, and what is warm".replace("SERVICE", service));
  return exitCodes.done;
}

/** Reads until what was asked for is done or has failed; after half a minute it says how far it is. */
async function untilDone(
  { api, io }: Session,
  path: string,
  isDone: (warmth: ShownWarmth) => boolean,
): Promise<ShownWarmth> {
  const { clock, stopping: signal } = io;
  const giveUpAt = clock.now() + patienceMs;
  for (;;) {
    const { warmth } = await api.get(path, warmthShape);
    if (isDone(warmth) || signal.aborted || clock.now() >= giveUpAt) return warmth;
    await clock.sleep({ ms: lookEveryMs, signal });
  }
}

function isWarm({ due, raised, pings, backoff, asked }: ShownWarmth): boolean {
  const isPinged = asked !== null && pings?.slot === `asked-${asked.at}`;
  return due === null && (raised !== null || isPinged || backoff !== null);
}

function isCold({ due, raised, backoff }: ShownWarmth): boolean {
  return due === null && (raised === null || backoff !== null);
}
