import { createHash } from "node:crypto";
import type { ReleaseId, Timestamp } from "../domain/ids.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { storyOf } from "../domain/release-story.ts";
import { AppError } from "../ports/app-error.ts";
import type { ChatPlace, ChatPort, ChatText } from "../ports/chat.ts";
import type { ClaimedConversation, Conversation } from "../ports/conversations.ts";
import type { StoredEvent } from "../ports/store.ts";
import { contentOf, peopleOf } from "./chat-content.ts";
import type { Deps } from "./deps.ts";
import { digestFor, isDigest, sayDigest } from "./speak-digest.ts";

/** The root is edited no more often than this: a release in steps changes faster than people read. */
const editEveryMs = 3_000;

const leaseMs = 60_000;
const callMs = 20_000;

/** How long to wait after a failure that may pass, when the chat did not say; doubled each time up to the longest. */
const backoff = { firstMs: 1_000, longestMs: 60_000 } as const;

/** After a refusal a person has to do something (invite the bot, unarchive the channel), so asking again can take its time. */
const afterRefusalMs = 5 * 60_000;

/** One turn at a conversation: what was said is put into `conversation` as it is said, so that a failure loses none of it. */
export type Turn = {
  readonly deps: Deps;
  readonly chat: ChatPort;
  readonly signal: AbortSignal;
  /** `triedSince` null = nobody can have posted what this turn posts; else it is looked for before it is posted. */
  readonly tried: Readonly<{ triedSince?: null }>;
  conversation: Conversation;
};

/**
 * Says in chat what is to be said of this release or digest. What cannot be said now stays to be said, once, when the chat
 * is back. Whoever has the conversation claimed does it; a second call leaves it to them.
 */
export async function speak(deps: Deps, key: string): Promise<void> {
  const { chat, conversations, clock, settings } = deps;
  if (chat === null) return;
  const claimed = await conversations.claim({ key, owner: settings.owner, now: clock.now(), leaseMs });
  if (claimed === null) return;
  const { conversation, interrupted } = claimed;
  const tried = interrupted || conversation.attempt > 0 ? {} : { triedSince: null };
  const turn: Turn = { deps, chat, signal: AbortSignal.timeout(callMs), tried, conversation };
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
    turn.conversation = { ...turn.conversation, attempt: 0, lastError: null, quietUntil: null };
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
  const content = await contentOf(deps, record);
  const dueAt = await sayRoot(turn, content);
  if ((await tellStory(turn, record)) === "told") return dueAt;
  await sayRoot(turn, content);
  return (await tellStory(turn, record)) === "told" ? null : deps.clock.now() + editEveryMs;
}

/** When the root may be said or edited. */
export function mayEditAt({ root, saidAt }: Conversation): Timestamp {
  return root === null ? 0 : (saidAt ?? 0) + editEveryMs;
}

/** Posts the root or edits it where it says something else now; the answer is when it may be edited, if not yet. */
export async function sayRoot(turn: Turn, content: ChatText): Promise<Timestamp | null> {
  const said = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  const { conversation, deps } = turn;
  if (conversation.said === said) return null;
  const waitsUntil = mayEditAt(conversation);
  if (deps.clock.now() < waitsUntil) return waitsUntil;
  const root = await editOrPost(turn, content);
  turn.conversation = { ...turn.conversation, root, said, saidAt: deps.clock.now() };
  return null;
}

/** A root that a person deleted is posted anew: the release still needs a place where it is decided. */
async function editOrPost(turn: Turn, content: ChatText): Promise<ChatPlace> {
  const { chat, signal, conversation } = turn;
  const { root, channel, key } = conversation;
  if (root !== null && (await chat.update({ place: root, content, signal })) === "updated") return root;
  const roots = conversation.roots + 1;
  const post = {
    channel,
    thread: null,
    broadcast: false,
    key: `${key}/root/${roots}`,
    content,
    signal,
    ...turn.tried,
  };
  const place = await chat.post(post);
  turn.conversation = { ...turn.conversation, root: place, roots };
  return place;
}

/**
 * Tells in the thread what was not told yet, each fact once, in order. `rootless` = somebody deleted the root, which shows
 * where it says nothing new too: it is to be posted anew.
 */
async function tellStory(turn: Turn, record: ReleaseRecord): Promise<"told" | "rootless"> {
  const events = await turn.deps.store.releaseEvents(record.id);
  try {
    for (const stored of events)
      if (stored.position > turn.conversation.told) await tell(turn, record, stored);
    return "told";
  } catch (error) {
    const isRootless = error instanceof AppError && error.context["error"] === "thread_not_found";
    if (!isRootless || turn.conversation.root === null) throw error;
    turn.conversation = { ...turn.conversation, root: null, said: null, saidAt: null };
    return "rootless";
  }
}

async function tell(turn: Turn, record: ReleaseRecord, { event, position }: StoredEvent): Promise<void> {
  const { chat, signal, conversation } = turn;
  const story = storyOf(event, { record, people: peopleOf(turn.deps) });
  const { root } = conversation;
  if (story !== null && root !== null) {
    const { content, broadcast } = story;
    await chat.post({
      channel: root.channel,
      thread: root.ts,
      broadcast,
      key: `${record.id}/${position}`,
      ...turn.tried,
      content,
      signal,
    });
  }
  turn.conversation = { ...turn.conversation, told: position };
}
