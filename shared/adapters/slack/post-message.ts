import { z } from "zod";
import { AppError } from "../../ports/app-error.ts";
import type { ChatPlace, ChatPost } from "../../ports/chat.ts";
import { findMessage, keyMetadata, type Search, type Searcher } from "./find-message.ts";
import { isLate, mayBeDone } from "./slack-error.ts";

const answer = z.object({ channel: z.string(), ts: z.string() });

/**
 * Posts a message once. What was tried before, and what may have been posted though the answer was lost, is looked for
 * first. Where Slack was too slow it may post later still, so that is not tried again here: the caller's next try, which
 * says `triedSince`, looks again.
 */
export async function postMessage(searcher: Searcher, post: ChatPost): Promise<ChatPlace> {
  const { clock, settings } = searcher.api.options;
  const since = post.triedSince === undefined ? clock.now() - settings.lookBackMs : post.triedSince;
  const before = since === null ? null : await findMessage(searcher, { post, since });
  return before ?? postUntilKnown(searcher, post);
}

async function postUntilKnown(searcher: Searcher, post: ChatPost): Promise<ChatPlace> {
  const { clock, settings } = searcher.api.options;
  const since = clock.now();
  for (let retry = 0; ; retry += 1) {
    try {
      return await send(searcher, post);
    } catch (error) {
      if (!mayBeDone(error) || post.signal.aborted) throw error;
      await clock.sleep({ ms: settings.settleMs, signal: post.signal });
      const found = await lookAfter(searcher, { post, since }, error);
      if (found !== null) return found;
      if (isLate(error) || retry >= settings.retries) throw error;
    }
  }
}

/** A look that fails leaves it open whether the message was posted, whatever became of the look itself. */
async function lookAfter(searcher: Searcher, search: Search, lost: AppError): Promise<ChatPlace | null> {
  try {
    return await findMessage(searcher, search);
  } catch (error) {
    const { message, cause, context, transient, code } = error instanceof AppError ? error : lost;
    throw new AppError({ code, transient, message, cause, context: { ...context, done: "unknown" } });
  }
}

async function send({ api, channels }: Searcher, post: ChatPost): Promise<ChatPlace> {
  const { channel, thread, broadcast, key, content, signal } = post;
  const args = {
    channel,
    text: content.text,
    blocks: content.blocks,
    metadata: keyMetadata(key),
    unfurl_links: false,
    unfurl_media: false,
    ...(thread === null ? {} : { thread_ts: thread, reply_broadcast: broadcast }),
  };
  const posted = await api.call({ method: "chat.postMessage", args, answer, repeatable: false, signal });
  channels.remember({ channel, id: posted.channel });
  return { channel: posted.channel, ts: posted.ts };
}
