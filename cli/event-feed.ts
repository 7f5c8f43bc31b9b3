import { eventsShape, type ShownEvent, storedEventShape } from "./api-shapes.ts";
import { Complaint } from "./complaint.ts";
import { backoffMs, mayPass, persist } from "./persistence.ts";
import { serverSentData } from "./server-sent-events.ts";
import type { Session } from "./server-session.ts";

/** How a release is followed: when to look again, and when a silent stream counts as dead. */
const patience = {
  pollMs: 1_000,
  silentMs: 45_000, // three heartbeats of the server
  streamTries: 3, // in a row that broke without a fact; then the feed asks instead
} as const;

type Feed = Readonly<{
  session: Session;
  releaseId: string;
  signal: AbortSignal; // ends the feed
}>;

/**
 * The facts after a position, each once and in order, until the signal aborts; those of other releases may be among
 * them. Comes back after a broken stream with the last position; where streams do not get through, as behind a proxy
 * that buffers, asks for those of the release each second.
 */
export async function* eventFeed(feed: Feed, after: number): AsyncGenerator<ShownEvent> {
  const { signal, session } = feed;
  let position = after;
  let silentTries = 0;
  while (!signal.aborted) {
    const isStreaming = silentTries < patience.streamTries;
    silentTries += 1;
    for await (const fact of beyond(position, isStreaming ? streamed(feed, position) : asked(feed))) {
      silentTries = isStreaming ? 1 : silentTries;
      position = fact.position;
      yield fact;
    }
    await session.io.clock.sleep({ ms: isStreaming ? backoffMs(silentTries) : patience.pollMs, signal });
  }
}

async function* beyond(position: number, facts: AsyncGenerator<ShownEvent>): AsyncGenerator<ShownEvent> {
  for await (const fact of facts) if (fact.position > position) yield fact;
}

async function* asked({ session, releaseId, signal }: Feed): AsyncGenerator<ShownEvent> {
  const path = `/releases/${encodeURIComponent(releaseId)}/events`;
  const answer = await persist(session, signal, () => session.api.get(path, eventsShape));
  yield* answer?.events ?? [];
}

/** Ends when the stream breaks, or when not even a heartbeat came for a while: the next try may do better. */
async function* streamed({ session, signal }: Feed, after: number): AsyncGenerator<ShownEvent> {
  const { api, io } = session;
  const silence = new AbortController();
  const timer = { stop: () => {} };
  const rearm = () => {
    timer.stop();
    const done = new AbortController();
    timer.stop = () => done.abort();
    const waited = io.clock.sleep({ ms: patience.silentMs, signal: done.signal });
    void waited.then(() => (done.signal.aborted ? undefined : silence.abort()));
  };
  rearm();
  try {
    const answer = await api.stream(`/events?after=${after}`, AbortSignal.any([signal, silence.signal]));
    if (answer.body === null) return;
    for await (const data of serverSentData(answer.body)) {
      rearm();
      const parsed = data === "" ? null : storedEventShape.safeParse(jsonOf(data));
      if (parsed?.success) yield parsed.data;
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof Complaint)) return; // it broke off under way
    if (!mayPass(error)) throw error;
    session.out.note(`${error.text.happened}; trying again.`);
  } finally {
    timer.stop();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
