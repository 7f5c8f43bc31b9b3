import type { Command } from "commander";
import { checkLine } from "../../shared/domain/explain.ts";
import { wordsOf } from "../../shared/domain/release-words.ts";
import { eventsShape, releaseShape, type ShownEvent, type ShownRelease } from "../api-shapes.ts";
import type { CliIo } from "../cli-io.ts";
import { eventSentence } from "../event-sentence.ts";
import { exitCodes } from "../exit-code.ts";
import { findingText } from "../finding-text.ts";
import { formatTime } from "../local-time.ts";
import { harmless, type Output, toned } from "../output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { padded } from "../service-text.ts";
import { type Verb, withExample } from "../verb.ts";
import { orRefusal } from "./refused.ts";

/** `gantry releases show ID` */
export function addShow(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("show")
    .description("Show one release and all that happened to it; or why the request was refused.")
    .argument("<id>", "the release, as `gantry releases list` shows it")
    .action(async (id: string, options: ServerOptions) => finish(await show(openSession(io, options), id)));
  withExample(withServer(command), "gantry releases show r-3k9x0a2b");
}

async function show(session: Session, id: string): Promise<number> {
  const { api, out, io } = session;
  const path = `/releases/${encodeURIComponent(id)}`;
  const release = await orRefusal(session, id, () => api.get(path, releaseShape));
  if (release === null) return exitCodes.failed;
  const { events } = await api.get(`${path}/events`, eventsShape);
  if (out.isJson) out.json({ ...release, events });
  else out.line(releaseText(release, events, { out, io }));
  return exitCodes.done;
}

type Look = Readonly<{ out: Output; io: CliIo }>;

function releaseText(release: ShownRelease, events: readonly ShownEvent[], look: Look): string {
  const { paint } = look.out;
  const { label, tone } = wordsOf(release);
  const head = `${paint.bold(harmless(`${release.tag} of ${release.service}`))}  ${toned(paint, tone, label)}`;
  const told = events.map(
    (fact) => `  ${formatTime(fact.event.at, look.io)}  ${harmless(eventSentence(fact))}`,
  );
  const findings = (release.findings ?? []).map((finding) => findingText(finding, release.tag));
  const found = findings.length === 0 ? [] : ["", "What the preflight found:", ...findings];
  return [head, padded(facts(release, look)), ...found, "", "What happened:", ...told].join("\n");
}

function facts(release: ShownRelease, { io }: Look): string[][] {
  const { candidate, stable, failure, build, approvedBy, supersededBy, supersededByTag } = release;
  const maybe = (name: string, value: string | null) => (value === null ? [] : [[name, harmless(value)]]);
  return [
    ["Release", harmless(release.id)],
    ["Commit", harmless(`${release.commit} of ${release.repository}`)],
    ["Requested", harmless(`${formatTime(release.requestedAt, io)} by ${release.requestedBy.name}`)],
    ...maybe("Ended", release.endedAt === null ? null : formatTime(release.endedAt, io)),
    ...maybe("Build", build?.logUrl ?? null),
    ...maybe("Built", release.prebuilt === undefined ? null : `elsewhere: ${release.prebuilt.reference}`),
    ...maybe(
      "Candidate",
      candidate === null ? null : `${candidate.revision}, ${release.percent} % of the traffic`,
    ),
    ...maybe("Image", candidate === null ? null : `${candidate.image.name}@${candidate.image.digest}`),
    ...maybe("Stable", stable),
    ...maybe("Approved", approvedBy.length === 0 ? null : approvedBy.map(({ name }) => name).join(", ")),
    ...maybe("Superseded", supersededBy === null ? null : `by ${supersededByTag} (${supersededBy})`),
    ...maybe("Failure", failure === null ? null : `${failure.message} (${failure.code})`),
    ...maybe("To do", failure?.help?.repair ?? null),
    ...maybe("Type", failure?.help?.command ?? null),
    ...(failure?.help?.evidence ?? []).map((line) => ["Log", harmless(line)]),
    ...release.checks.map((check) => ["Check", harmless(`${check.verdict}  ${checkLine(check)}`)]),
  ];
}
