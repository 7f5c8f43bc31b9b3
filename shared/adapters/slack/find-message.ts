import { z } from "zod";
import type { Timestamp } from "../../domain/ids.ts";
import type { ChatPlace, ChatPost } from "../../ports/chat.ts";
import type { ChannelIds } from "./channel-ids.ts";
import type { OwnIdentity } from "./own-identity.ts";
import type { SlackApi } from "./slack-api.ts";
import { slackCodeOf, unavailable } from "./slack-error.ts";
import { slackPages } from "./slack-pages.ts";

/** What a message of Gantry's carries unseen, so that it is found again by its key. */
export function keyMetadata(key: string): Readonly<{ event_type: string; event_payload: { key: string } }> {
  return { event_type: eventType, event_payload: { key } };
}

const eventType = "gantry_message";

const messageSchema = z.object({
  ts: z.string(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  metadata: z
    .object({
      event_type: z.string(),
      event_payload: z.object({ key: z.string().optional().catch(undefined) }),
    })
    .optional()
    .catch(undefined),
});

const answer = z.object({
  messages: z.array(messageSchema),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** 5,000 messages: a channel takes one a second. */
const maxPages = 25;
/** Slack's clock, which dates messages, may differ from ours. */
const clockDifferenceMs = 300_000;

export type Search = Readonly<{
  post: Pick<ChatPost, "channel" | "thread" | "key" | "signal">;
  since: Timestamp;
}>;

export type Searcher = Readonly<{
  api: SlackApi;
  channels: ChannelIds;
  ownIdentity: (signal: AbortSignal) => Promise<OwnIdentity>;
}>;

/**
 * The message with this key that Gantry itself posted since then; null = there is none. Another app's message with the
 * same key does not count. @throws AppError `chat-unavailable` when there is more to look through than it looks through.
 */
export async function findMessage(searcher: Searcher, { post, since }: Search): Promise<ChatPlace | null> {
  const { api, channels, ownIdentity } = searcher;
  const { thread, key, signal } = post;
  const own = await ownIdentity(signal);
  const channel = await channels.idOf({ channel: post.channel, signal });
  const method = thread === null ? "conversations.history" : "conversations.replies";
  const oldest = (Math.max(0, since - clockDifferenceMs) / 1000).toFixed(6);
  const args = { channel, oldest, include_all_metadata: true, ...(thread === null ? {} : { ts: thread }) };
  try {
    for await (const { page, isCut } of slackPages(api, {
      call: { method, args, signal },
      answer,
      maxPages,
    })) {
      const found = page.messages.find((message) => isOurs(message, { own, key }));
      if (found !== undefined) return { channel, ts: found.ts };
      if (isCut) throw tooMuch({ method, channel });
    }
  } catch (error) {
    if (slackCodeOf(error) === "thread_not_found") return null;
    throw error;
  }
  return null;
}

type Message = z.output<typeof messageSchema>;

function isOurs(message: Message, wanted: Readonly<{ own: OwnIdentity; key: string }>): boolean {
  const { own, key } = wanted;
  const { metadata, user, bot_id } = message;
  if (metadata?.event_type !== eventType || metadata.event_payload.key !== key) return false;
  return user === own.userId || (own.botId !== null && bot_id === own.botId);
}

function tooMuch(params: Readonly<{ method: string; channel: string }>) {
  const message =
    "Too much was written since a message was first tried, so nobody can tell whether it was posted.";
  return unavailable({ ...params, error: undefined, code: "too-much-history", message, done: "unknown" });
}
