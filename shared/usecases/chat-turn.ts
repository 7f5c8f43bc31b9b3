import type { ChatPace } from "../domain/chat-pace.ts";
import type { Timestamp } from "../domain/ids.ts";
import { AppError } from "../ports/app-error.ts";
import type { ChatPlace, ChatPort, ChatPost, ChatText } from "../ports/chat.ts";
import { anyMessage, type Conversation } from "../ports/conversations.ts";
import type { Deps } from "./deps.ts";

/** One turn at a conversation: what was said is put into `conversation` as it is said, so that a failure loses none of it. */
export type Turn = {
  readonly deps: Deps;
  readonly chat: ChatPort;
  readonly signal: AbortSignal;
  conversation: Conversation;
  /** Whether something waits for its time in a lane. */
  waits: boolean;
};

/** What came of saying something: the answer, or when it may be tried. */
export type Said<T> = Readonly<{ answer: T }> | Readonly<{ waitsUntil: Timestamp }>;

/** The ticket of somebody whose turn it was already. */
const calledBefore = 0;

type LaneName = keyof Conversation["turns"];

/**
 * Slack takes one message a second in a channel and allows short bursts, and edits about 50 times a minute in all channels
 * together (docs.slack.dev/apis/web-api/rate-limits; chat.update is of tier 3). The burst takes the story of one release
 * in; 1.1 s, because what counts is when a message gets there.
 */
const lanes: Readonly<Record<LaneName, Readonly<{ method: string; pace: ChatPace }>>> = {
  post: { method: "chat.postMessage", pace: { everyMs: 1_100, burst: 10 } },
  edit: { method: "chat.update", pace: { everyMs: 1_200, burst: 10 } },
};

/** Messages are limited by the channel, edits by the method. */
function laneOf(name: LaneName, { channel }: Conversation): string {
  return name === "post" ? `post/${channel.replace(/^#/, "")}` : name;
}

type Post = Pick<ChatPost, "channel" | "thread" | "broadcast" | "key" | "content">;

/** Posts a message in its turn, once: what an earlier try may have posted is looked for, and nothing else. */
export async function postInTurn(turn: Turn, post: Post, isUrgent: boolean): Promise<Said<ChatPlace>> {
  const { chat, signal, conversation } = turn;
  const { unsure } = conversation;
  const tried = unsure === anyMessage || unsure === post.key ? {} : { triedSince: null };
  const said = await inTurn(turn, { name: "post", isUrgent }, async () => {
    try {
      return await chat.post({ ...post, signal, ...tried });
    } catch (error) {
      if (mayBePosted(error)) note(turn, { unsure: unsure ?? post.key });
      throw error;
    }
  });
  if ("answer" in said && turn.conversation.unsure === post.key) note(turn, { unsure: null });
  return said;
}

/** Edits a message in its turn. */
export function editInTurn(
  turn: Turn,
  edit: Readonly<{ place: ChatPlace; content: ChatText }>,
  isUrgent: boolean,
): Promise<Said<"updated" | "gone">> {
  const { chat, signal } = turn;
  return inTurn(turn, { name: "edit", isUrgent }, () => chat.update({ ...edit, signal }));
}

type Wanted = Readonly<{ name: LaneName; isUrgent: boolean }>;

async function inTurn<T>(turn: Turn, wanted: Wanted, call: () => Promise<T>): Promise<Said<T>> {
  const waitsUntil = await turnFor(turn, wanted);
  if (waitsUntil !== null) return { waitsUntil };
  try {
    return { answer: await call() };
  } catch (error) {
    return { waitsUntil: await silenceAfter(turn, wanted, error) };
  }
}

/** Null = now. News does not bring a promised time forward, unless what is to be said became urgent. */
async function turnFor(turn: Turn, { name, isUrgent }: Wanted): Promise<Timestamp | null> {
  const { deps, conversation } = turn;
  const now = deps.clock.now();
  const promise = conversation.turns[name];
  const isKept = promise !== null && (promise.isUrgent || !isUrgent);
  if (isKept && now < promise.at) return waitFor(turn, name, promise);
  const inQueue = isKept ? promise : { isUrgent, ticket: null };
  const { pace } = lanes[name];
  const lane = laneOf(name, conversation);
  const promised = await deps.conversations.takeTurn({ lane, pace, asked: { now, ...inQueue } });
  if (promised !== null) return waitFor(turn, name, { ...promised, isUrgent: inQueue.isUrgent });
  note(turn, { turns: { ...conversation.turns, [name]: null } });
  return null;
}

type Promised = NonNullable<Conversation["turns"][LaneName]>;

function waitFor(turn: Turn, name: LaneName, promised: Promised): Timestamp {
  note(turn, { turns: { ...turn.conversation.turns, [name]: promised } });
  turn.waits = true;
  return promised.at;
}

/** Slack asked for silence: nobody speaks in this lane until it is over. Anything else is thrown again. */
async function silenceAfter(turn: Turn, wanted: Wanted, error: unknown): Promise<Timestamp> {
  const { deps, conversation } = turn;
  const { method, pace } = lanes[wanted.name];
  const context = error instanceof AppError ? error.context : {};
  const { retryAfterMs } = context;
  if (typeof retryAfterMs !== "number" || context["method"] !== method || mayBePosted(error)) throw error;
  const lane = laneOf(wanted.name, conversation);
  const until = deps.clock.now() + retryAfterMs;
  await deps.conversations.silence({ lane, pace, until });
  const fields = {
    conversation: conversation.key,
    channel: conversation.channel,
    lane,
    waitMs: retryAfterMs,
  };
  deps.log.warn(fields, "The chat asks for silence; what waits is said after it");
  return waitFor(turn, wanted.name, { at: until, ticket: calledBefore, isUrgent: wanted.isUrgent });
}

/** Whether what was to be posted may stand there all the same. */
function mayBePosted(error: unknown): boolean {
  return !(error instanceof AppError) || error.context["done"] !== "no";
}

function note(turn: Turn, changes: Partial<Conversation>): void {
  turn.conversation = { ...turn.conversation, ...changes };
}
