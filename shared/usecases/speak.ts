import { decisionUnderWay } from "../domain/decision-under-way.ts";
import type { ReleaseId, Timestamp } from "../domain/ids.ts";
import { isUnclear } from "../domain/quiet-fact.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { storyOf } from "../domain/release-story.ts";
import { AppError } from "../ports/app-error.ts";
import type { ChatPlace } from "../ports/chat.ts";
import { anyMessage, type ClaimedConversation, type Conversation } from "../ports/conversations.ts";
import type { StoredEvent } from "../ports/store.ts";
import { contentOf, newerPageOf, peopleOf } from "./chat-content.ts";
import { postInTurn, type Turn } from "./chat-turn.ts";
import type { Deps } from "./deps.ts";
import { editEveryMs, sayRoot } from "./say-root.ts";
import { digestFor, isDigest, needsAnEye, sayDigest } from "./speak-digest.ts";

const leaseMs = 60_000;
const callMs = 20_000;

/** How long to wait after a failure that may pass, when the chat did not say; doubled each time up to the longest. */
const backoff = { firstMs: 1_000, longestMs: 60_000 } as const;

/** That the watch sees something again is a fact that nobody is told: while it does not, the message is looked at again. */
const unclearEveryMs = 60_000;

/** After a refusal a person has to do something (invite the bot, unarchive the channel), so asking again can take its time. */
const afterRefusalMs = 5 * 60_000;

/**
 * Says in chat what is to be said of this release or digest. What cannot be said now stays to be said, once, when the chat
 * is back. Whoever has the conversation claimed does it; a second call leaves it to them.
 */
export async function speak(deps: Deps, key: string): Promise<void> {
  const { chat, conversations, clock, settings } = deps;
  const claimed = await conversations.claim({ key, owner: settings.owner, now: clock.now(), leaseMs });
  if (claimed === null) return;
  if (chat === null) return keep(deps, claimed, { conversation: claimed.conversation, dueAt: null });
  const conversation = claimed.interrupted
    ? { ...claimed.conversation, unsure: anyMessage }
    : claimed.conversation;
  const turn: Turn = { deps, chat, signal: AbortSignal.timeout(callMs), conversation, waits: false };
  const dueAt = quietTime(turn) ?? (await sayAll(turn));
  await keep(deps, claimed, { conversation: turn.conversation, dueAt });
  deps.onCommit();
  const joined = conversation.digest === null && turn.conversation.digest !== null;
  if (joined) await speak(deps, key);
}

/** News does not shorten the time for which the chat asked to be left alone. */
function quietTime({ conversation, deps }: Turn): Timestamp | null {
  const { quietUntil } = conversation;
  return quietUntil !== null && deps.clock.now() < quietUntil ? quietUntil : null;
}

async function sayAll(turn: Turn): Promise<Timestamp | null> {
  try {
    const dueAt = isDigest(turn.conversation.key) ? await sayDigest(turn) : await sayRelease(turn);
    const isDone = { attempt: 0, lastError: null, unsure: null, quietUntil: null };
    if (!turn.waits) turn.conversation = { ...turn.conversation, ...isDone };
    return dueAt;
  } catch (error) {
    return laterAfter(turn, error);
  }
}

/** When to try again. Nothing about a chat is ever given up: the release goes on without it. */
function laterAfter(turn: Turn, error: unknown): Timestamp {
  const { deps, conversation } = turn;
  const attempt = conversation.attempt + 1;
  const message = error instanceof Error ? error.message : String(error);
  const isRefusal = error instanceof AppError && !error.transient;
  const asked = error instanceof AppError ? error.context["retryAfterMs"] : null;
  const grown = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 10));
  const waitMs = isRefusal ? afterRefusalMs : typeof asked === "number" ? asked : grown;
  const again = deps.clock.now() + waitMs;
  const quietUntil = typeof asked === "number" ? again : null;
  turn.conversation = { ...conversation, attempt, lastError: message, quietUntil };
  const fields = {
    conversation: conversation.key,
    channel: conversation.channel,
    attempt,
    waitMs,
    err: message,
  };
  if (isRefusal) deps.log.error(fields, "The chat refuses what is to be said; a person has to look");
  else deps.log.warn(fields, "Could not say something in chat; it is said later");
  return again;
}

type Said = Readonly<{ conversation: Conversation; dueAt: Timestamp | null }>;

async function keep(
  deps: Deps,
  { wanted }: ClaimedConversation,
  { conversation, dueAt }: Said,
): Promise<void> {
  const { conversations, settings, clock } = deps;
  await conversations.save({ conversation, owner: settings.owner, wanted, now: clock.now(), dueAt });
}

async function sayRelease(turn: Turn): Promise<Timestamp | null> {
  const { deps } = turn;
  const record = await deps.store.release(turn.conversation.key as ReleaseId);
  if (record === null) return null;
  const spoken = await digestFor(turn, record);
  if (spoken !== "by-itself") return spoken === "joins" ? deps.clock.now() : null;
  const stored = await deps.store.releaseEvents(record.id);
  const events = stored.map(({ event }) => event);
  const content = await contentOf(deps, record, events);
  const sayIt = () => sayRoot(turn, content, needsAnEye(record));
  const rootAt = await sayIt();
  const first = await tellStory(turn, record, stored);
  const now = deps.clock.now();
  const clearAt = isUnclear(record) ? now + unclearEveryMs : null;
  if (first !== "rootless")
    return earliest(rootAt, first, clearAt, decisionUnderWay(events, now)?.until ?? null);
  const anewAt = await sayIt();
  const second = await tellStory(turn, record, stored);
  return second === "rootless" ? deps.clock.now() + editEveryMs : earliest(anewAt, second);
}

function earliest(...times: readonly (Timestamp | null)[]): Timestamp | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/**
 * Tells in the thread what was not told yet, each fact once, in order; the answer is when to go on, if not all is told.
 * `rootless` = somebody deleted the root, which shows where it says nothing new too: it is to be posted anew.
 */
async function tellStory(
  turn: Turn,
  record: ReleaseRecord,
  events: readonly StoredEvent[],
): Promise<Timestamp | null | "rootless"> {
  try {
    for (const stored of events) {
      const { root, told } = turn.conversation;
      if (root === null) return null; // its own time is known
      const waitsUntil = stored.position > told ? await tell(turn, { record, root, stored }) : null;
      if (waitsUntil !== null) return waitsUntil;
    }
    return null;
  } catch (error) {
    const isRootless = error instanceof AppError && error.context["error"] === "thread_not_found";
    if (!isRootless || turn.conversation.root === null) throw error;
    turn.conversation = { ...turn.conversation, root: null, said: null, saidAt: null, offers: [] };
    return "rootless";
  }
}

type Line = Readonly<{ record: ReleaseRecord; root: ChatPlace; stored: StoredEvent }>;

async function tell(turn: Turn, { record, root, stored }: Line): Promise<Timestamp | null> {
  const { event, position } = stored;
  const story = storyOf(event, {
    record,
    people: peopleOf(turn.deps),
    newerUrl: newerPageOf(turn.deps, record),
  });
  if (story !== null) {
    const { content, broadcast } = story;
    const { channel, ts: thread } = root;
    const post = { channel, thread, broadcast, key: `${record.id}/${position}`, content };
    const posted = await postInTurn(turn, post, broadcast || needsAnEye(record));
    if ("waitsUntil" in posted) return posted.waitsUntil;
  }
  turn.conversation = { ...turn.conversation, told: position };
  return null;
}
