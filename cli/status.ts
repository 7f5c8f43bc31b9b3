import type { Command } from "commander";
import { wordsOf } from "../shared/domain/release-words.ts";
import { releasesShape, serviceShape, servicesShape } from "./api-shapes.ts";
import { usageComplaint } from "./complaint.ts";
import { exitCodes } from "./exit-code.ts";
import { followRelease, verdictOf } from "./follow-release.ts";
import { harmless, table, toned } from "./output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "./server-session.ts";
import { serviceKeyFor, servicePath } from "./service-name.ts";
import { serviceText } from "./service-text.ts";
import { timeoutOption } from "./timeout-option.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions & Readonly<{ watch?: true; timeout?: number }>;

/** `gantry status [SERVICE]` */
export function addStatus(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("status")
    .description("Show what is live, what is being released, and where the traffic goes.")
    .argument("[service]", "project/region/name, or only the name where it is unique (else all services)")
    .option("--watch", "follow the running release until it ends; the exit code is the verdict")
    .option(
      "--timeout <DURATION>",
      "with --watch: stop waiting after this long (else wait without end)",
      timeoutOption,
    )
    .action(async (service: string | undefined, options: Options) =>
      finish(await status(io, service, options)),
    );
  withExample(withServer(command), "gantry status background-removal --watch");
}

async function status(io: Verb["io"], service: string | undefined, options: Options): Promise<number> {
  const session = openSession(io, options);
  if (options.watch) return watch(session, await watchedService(session, service), options.timeout ?? null);
  return service === undefined ? showAll(session) : showOne(session, await serviceKeyFor(session, service));
}

async function showAll({ api, out }: Session): Promise<number> {
  const answer = await api.get("/services", servicesShape);
  if (out.isJson) out.json(answer);
  else if (answer.services.length === 0)
    out.note("Gantry looks after no service yet. Next: gantry deploy TAG");
  else {
    const rows = answer.services.map(({ key, live, active, now, frozen }) => [
      harmless(key),
      live === null ? "-" : harmless(live.tag),
      active === null ? "-" : toned(out.paint, wordsOf(active).tone, wordsOf(active).label),
      harmless(frozen.length === 0 ? now : `Frozen. ${now}`),
    ]);
    out.line(table(["SERVICE", "LIVE", "RELEASE", "NOW"], rows, out.paint));
  }
  return exitCodes.done;
}

async function showOne({ api, out, io }: Session, key: string): Promise<number> {
  const service = await api.get(servicePath(key), serviceShape);
  if (out.isJson) out.json(service);
  else out.line(serviceText(service, { paint: out.paint, zone: io.zone }));
  return exitCodes.done;
}

async function watchedService(session: Session, service: string | undefined): Promise<string> {
  if (service !== undefined) return serviceKeyFor(session, service);
  const { services } = await session.api.get("/services", servicesShape);
  const [only] = services;
  if (only !== undefined && services.length === 1) return only.key;
  throw usageComplaint({
    code: services.length === 0 ? "no-services" : "service-ambiguous",
    happened: services.length === 0 ? "There is no service to watch" : "--watch needs the name of a service",
    why: `Gantry looks after ${services.length} services.`,
    next:
      services.length === 0
        ? ["gantry deploy TAG --wait"]
        : services.map(({ key }) => `gantry status ${key} --watch`),
  });
}

/** Follows the running release; where none runs, the verdict is that of the latest one. */
async function watch(session: Session, key: string, timeoutMs: number | null): Promise<number> {
  const { api, out } = session;
  const service = await api.get(servicePath(key), serviceShape);
  const running = service.active ?? service.queue[0] ?? null;
  if (running !== null) return followRelease(session, { releaseId: running.id, timeoutMs });
  const { releases } = await api.get(`/releases?service=${encodeURIComponent(key)}&limit=1`, releasesShape);
  const [latest] = releases;
  if (latest === undefined) {
    out.note(`${key} was never released. Next: gantry deploy TAG --wait`);
    return exitCodes.done;
  }
  const exitCode = verdictOf(latest.status);
  out.note("No release runs; this is how the latest one ended. To start one: gantry deploy TAG --wait");
  if (out.isJson)
    out.jsonLine({ releaseId: latest.id, tag: latest.tag, status: latest.status, exitCode, release: latest });
  else out.line(`${latest.tag} ${wordsOf(latest).sentence}.`);
  return exitCode;
}
