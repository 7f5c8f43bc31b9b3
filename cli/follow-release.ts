import { wordsOf } from "../shared/domain/release-words.ts";
import { isEnd, type ReleaseStatus } from "../shared/domain/words.ts";
import { interrupted } from "./api-client.ts";
import { eventsShape, refusalShape, releaseShape, type ShownEvent, type ShownRelease } from "./api-shapes.ts";
import { Complaint, nothingChanged } from "./complaint.ts";
import { eventFeed } from "./event-feed.ts";
import { eventSentence } from "./event-sentence.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { formatTimeOfDay } from "./local-time.ts";
import { harmless, toned } from "./output.ts";
import { persist } from "./persistence.ts";
import { afterRefusal } from "./releases/refused.ts";
import type { Session } from "./server-session.ts";

/** The exit code that a status stands for; one that is no end yet is `stillWaiting`. */
export function verdictOf(status: ReleaseStatus): ExitCode {
  return verdicts[status] ?? exitCodes.stillWaiting;
}

const verdicts: Partial<Readonly<Record<ReleaseStatus, ExitCode>>> = {
  live: exitCodes.done,
  failed: exitCodes.failed,
  rejected: exitCodes.cancelled,
  cancelled: exitCodes.cancelled,
  superseded: exitCodes.cancelled,
  "rolled-back": exitCodes.rolledBack,
};

type Following = Readonly<{ releaseId: string; timeoutMs: number | null }>;

const notTakenUpMs = 250;
const takenUpWithinMs = 120_000;

/**
 * Prints each change of a release as one line until it ends, and answers with its verdict as an exit code. A release
 * that was just asked for is waited for; a request that was refused ends as failed with every problem.
 */
export async function followRelease(
  session: Session,
  { releaseId, timeoutMs }: Following,
): Promise<ExitCode> {
  const { io } = session;
  const over = new AbortController();
  const timer = new AbortController();
  const signal = AbortSignal.any([over.signal, io.stopping]);
  if (timeoutMs !== null) {
    const waited = io.clock.sleep({ ms: timeoutMs, signal: timer.signal });
    void waited.then(() => (timer.signal.aborted ? undefined : over.abort()));
  }
  try {
    const ended = await untilEnd(session, releaseId, signal);
    if (ended !== null) return verdict(session, ended);
    throw io.stopping.aborted ? interrupted() : await stillWaiting(session, releaseId);
  } finally {
    timer.abort();
  }
}

/** The release at its end; null when the signal came first. */
async function untilEnd(
  session: Session,
  releaseId: string,
  signal: AbortSignal,
): Promise<ShownRelease | null> {
  const path = `/releases/${encodeURIComponent(releaseId)}`;
  const look = () => persist(session, signal, () => session.api.get(path, releaseShape));
  const begun = await takenUp(session, releaseId, signal);
  const past = await persist(session, signal, () => session.api.get(`${path}/events`, eventsShape));
  if (begun === null || past === null) return null;
  for (const fact of past.events) print(session, begun, fact);
  // Read before the facts were: where the release ends meanwhile, its last facts come through the feed.
  const now = past.events.some(isEnding) ? await look() : begun;
  if (now === null || isEnd(now.status)) return now;
  const after = past.events.at(-1)?.position ?? 0;
  for await (const fact of eventFeed({ session, releaseId, signal }, after)) {
    if (fact.event.releaseId !== releaseId) continue;
    print(session, begun, fact);
    const ended = isEnding(fact) ? await look() : null;
    if (ended !== null && isEnd(ended.status)) return ended;
  }
  return null;
}

const endings: ReadonlySet<string> = new Set([
  "release-live",
  "release-failed",
  "release-rejected",
  "release-cancelled",
  "release-superseded",
  "release-rolled-back",
]);

function isEnding({ event }: ShownEvent): boolean {
  return endings.has(event.type);
}

/** The release once Gantry has taken it up; null when the signal came first. A refused request is a complaint. */
async function takenUp(
  session: Session,
  releaseId: string,
  signal: AbortSignal,
): Promise<ShownRelease | null> {
  for (let waitedMs = 0; !signal.aborted; waitedMs += notTakenUpMs) {
    try {
      const path = `/releases/${encodeURIComponent(releaseId)}`;
      return await persist(session, signal, () => session.api.get(path, releaseShape));
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      if (error.text.code === "release-refused") throw await refusedComplaint(session, releaseId);
      if (error.text.code !== "release-not-found") throw error;
      if (waitedMs >= takenUpWithinMs) throw notTakenUp(releaseId);
    }
    await session.io.clock.sleep({ ms: notTakenUpMs, signal });
  }
  return null;
}

function notTakenUp(releaseId: string): Complaint {
  return new Complaint({
    code: "not-taken-up",
    happened: `${releaseId} was asked for and not taken up within ${takenUpWithinMs / 60_000} minutes`,
    traffic: "Unchanged so far; Gantry may still take it up.",
    why: "Its message waits, or was given up after all its attempts.",
    next: ["gantry deadletter list", `gantry releases show ${releaseId}`],
  });
}

/** Why a request never became a release, with every problem by its place. */
export async function refusedComplaint({ api }: Session, id: string): Promise<Complaint> {
  const refusal = await api.get(`/refusals/${encodeURIComponent(id)}`, refusalShape);
  return new Complaint({
    code: refusal.code,
    happened: `${refusal.tag} of ${refusal.repository} was refused: nothing was built`,
    traffic: nothingChanged,
    why: [refusal.message, ...refusal.problems].join("\n"),
    next: afterRefusal(refusal),
  });
}

function print({ io, out }: Session, release: ShownRelease, fact: ShownEvent): void {
  const { event, position, service } = fact;
  const text = eventSentence(fact);
  if (out.isJson) {
    const at = new Date(event.at).toISOString();
    out.jsonLine({
      at,
      position,
      service,
      releaseId: release.id,
      tag: release.tag,
      type: event.type,
      text,
      event,
    });
    return;
  }
  if (event.type === "build-polled") return;
  out.line(`${formatTimeOfDay(event.at, io)}  ${out.paint.bold(release.tag)}  ${harmless(text)}`);
}

function verdict({ out }: Session, release: ShownRelease): ExitCode {
  const exitCode = verdictOf(release.status);
  if (out.isJson) {
    out.jsonLine({ releaseId: release.id, tag: release.tag, status: release.status, exitCode, release });
    return exitCode;
  }
  const { sentence, tone } = wordsOf(release);
  out.line(toned(out.paint, tone, `${release.tag} ${sentence}.`));
  if (exitCode !== exitCodes.done) out.note(`Next: gantry releases explain ${release.id}`);
  return exitCode;
}

async function stillWaiting({ api }: Session, releaseId: string): Promise<Complaint> {
  const found = await api.get(`/releases/${encodeURIComponent(releaseId)}`, releaseShape).catch(() => null);
  const why = found === null ? "Gantry has not taken it up." : `${found.tag} ${wordsOf(found).sentence}.`;
  const text = {
    code: "still-waiting",
    happened: `${found?.tag ?? releaseId} has not ended within --timeout`,
    traffic: "The release goes on without this command.",
    why,
    next: [`gantry releases explain ${releaseId}`, `gantry cancel ${releaseId}`],
  };
  return new Complaint(text, exitCodes.stillWaiting);
}
