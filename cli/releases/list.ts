import { type Command, InvalidArgumentError } from "commander";
import { wordsOf } from "../../shared/domain/release-words.ts";
import { refusalsShape, releasesShape, type ShownRelease } from "../api-shapes.ts";
import { exitCodes } from "../exit-code.ts";
import { formatTime } from "../local-time.ts";
import { harmless, table, toned } from "../output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { serviceKeyFor } from "../service-name.ts";
import { type Verb, withExample } from "../verb.ts";

type Options = ServerOptions & Readonly<{ service?: string; limit: number; cursor?: string; refused?: true }>;

const pageSize = 200; // the most that the API gives at once

/** `gantry releases list` */
export function addList(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("list")
    .description("List releases, newest first, or the requests that were refused.")
    .option("--service <SERVICE>", "of one service only: project/region/name, or the name where it is unique")
    .option("--limit <N>", "how many at most", limitOption, 20)
    .option("--cursor <TEXT>", "go on where a list ended: its `cursor` from --json")
    .option("--refused", "requests that never became a release, with the reason")
    .action(async (options: Options) => finish(await list(openSession(io, options), options)));
  withExample(withServer(command), "gantry releases list --service background-removal --limit 5");
}

function limitOption(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 1.");
}

async function list(session: Session, options: Options): Promise<number> {
  if (options.refused) return listRefusals(session, Math.min(options.limit, pageSize));
  const service = options.service === undefined ? null : await serviceKeyFor(session, options.service);
  const found = await pages(session, { service, limit: options.limit, cursor: options.cursor ?? null });
  const { out, io } = session;
  if (out.isJson) out.json(found);
  else if (found.releases.length === 0) out.note("There is no release yet. Next: gantry deploy TAG");
  else {
    const rows = found.releases.map((release) => [
      release.id,
      harmless(release.tag),
      harmless(release.service),
      toned(out.paint, wordsOf(release).tone, wordsOf(release).label),
      `${release.percent} %`,
      formatTime(release.requestedAt, io),
      harmless(release.requestedBy.name),
    ]);
    out.line(table(["RELEASE", "TAG", "SERVICE", "STATUS", "TRAFFIC", "REQUESTED", "BY"], rows, out.paint));
    if (found.cursor !== null) out.note(`There are more: gantry releases list --cursor ${found.cursor}`);
  }
  return exitCodes.done;
}

type Wanted = Readonly<{ service: string | null; limit: number; cursor: string | null }>;
type Found = Readonly<{ releases: readonly ShownRelease[]; cursor: string | null }>;

async function pages({ api }: Session, wanted: Wanted): Promise<Found> {
  let found: Found = { releases: [], cursor: wanted.cursor };
  do {
    const limit = Math.min(pageSize, wanted.limit - found.releases.length);
    const query = new URLSearchParams({ limit: String(limit) });
    if (wanted.service !== null) query.set("service", wanted.service);
    if (found.cursor !== null) query.set("cursor", found.cursor);
    const page = await api.get(`/releases?${query}`, releasesShape);
    found = { releases: [...found.releases, ...page.releases], cursor: page.cursor };
  } while (found.cursor !== null && found.releases.length < wanted.limit);
  return found;
}

async function listRefusals({ api, out, io }: Session, limit: number): Promise<number> {
  const answer = await api.get(`/refusals?limit=${limit}`, refusalsShape);
  if (out.isJson) out.json(answer);
  else if (answer.refusals.length === 0) out.note("No request was refused.");
  else {
    const rows = answer.refusals.map(({ id, tag, repository, code, at, message }) => [
      harmless(id),
      harmless(tag),
      harmless(repository),
      harmless(code),
      formatTime(at, io),
      harmless(message),
    ]);
    out.line(table(["REQUEST", "TAG", "REPOSITORY", "REFUSED", "AT", "WHY"], rows, out.paint));
  }
  return exitCodes.done;
}
