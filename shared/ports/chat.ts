import type { Timestamp } from "../domain/ids.ts";
import type { JsonValue } from "../domain/release-config.ts";

/** What one message says: a full sentence for notifications and screen readers, and Block Kit blocks. */
export type ChatText = Readonly<{ text: string; blocks: readonly Readonly<{ [key: string]: JsonValue }>[] }>;

/** Where a message stands. `ts` is Slack's id of it within the channel. */
export type ChatPlace = Readonly<{ channel: string; ts: string }>;

/**
 * A message to post. `key` names it for ever: a post whose answer was lost is found again by it, and not made twice.
 * `thread` = the root that it answers; `broadcast` shows a thread's message in the channel too. `triedSince` = when a post
 * with this key was first tried: the message is looked for from there on before it is posted. Null = never tried, by
 * nobody, which saves the look; without it nobody knows, and the last day is looked through.
 */
export type ChatPost = Readonly<{
  channel: string;
  thread: string | null;
  broadcast: boolean;
  key: string;
  triedSince?: Timestamp | null;
  content: ChatText;
  signal: AbortSignal;
}>;

/** Who a person is in the workspace at this moment. */
export type ChatPerson = Readonly<{
  id: string;
  name: string; // without the @
  kind: "member" | "guest" | "deactivated" | "bot";
}>;

/**
 * Slack, with bounded retries and a time limit on every call. Throws `AppError` `chat-unavailable` (transient; with
 * `context.retryAfterMs` when Slack asked to wait), or `chat-refused` (archived, bot removed, not in the channel, no
 * such channel: a person has to do something). `context.error` is Slack's own code, such as `thread_not_found`;
 * `context.method` the method that failed; `context.done` is `no` where what was asked was certainly not carried out.
 */
export interface ChatPort {
  /** AT MOST ONE message per key, also when the answer to an earlier post was lost. */
  post(post: ChatPost): Promise<ChatPlace>;
  /** `gone` = a person deleted the message. */
  update(
    params: Readonly<{ place: ChatPlace; content: ChatText; signal: AbortSignal }>,
  ): Promise<"updated" | "gone">;
  /** Seen by this person alone; best effort by nature. */
  whisper(
    params: Readonly<{
      channel: string;
      person: string;
      thread: string | null;
      content: ChatText;
      signal: AbortSignal;
    }>,
  ): Promise<void>;
  openView(
    params: Readonly<{
      triggerId: string;
      view: Readonly<{ [key: string]: JsonValue }>;
      signal: AbortSignal;
    }>,
  ): Promise<void>;
  /** Null = no such person in this workspace. Never cached: what counts is who they are when they click. */
  person(params: Readonly<{ id: string; signal: AbortSignal }>): Promise<ChatPerson | null>;
  /** Ids of the people in a user group, by its handle without the @; null = no such group. Never cached. */
  groupMembers(params: Readonly<{ handle: string; signal: AbortSignal }>): Promise<readonly string[] | null>;
}
