import { z } from "zod";
import type { ChatPort } from "../../ports/chat.ts";
import { createChannelIds } from "./channel-ids.ts";
import { createOwnIdentity } from "./own-identity.ts";
import { postMessage } from "./post-message.ts";
import { createSlackApi, type SlackApi, type SlackOptions } from "./slack-api.ts";
import { slackCodeOf } from "./slack-error.ts";
import { findGroupMembers, findPerson } from "./workspace-people.ts";

const done = z.object({});

/** Slack opens a dialog for three seconds after a click (docs.slack.dev/surfaces/modals). */
const viewTimeoutMs = 2500;

/** `cant_update_message` is what Slack says of a message that is not there as ours any more. */
const goneCodes = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

/**
 * The chat behind Slack's Web API. Bot scopes that it needs: chat:write, users:read, usergroups:read; to find a message
 * whose answer was lost also channels:read and channels:history (groups:read and groups:history for private channels),
 * and to be in the channel.
 */
export function createSlackChat(options: SlackOptions): ChatPort {
  const api = createSlackApi(options);
  const ownIdentity = createOwnIdentity(api);
  const searcher = { api, channels: createChannelIds(api), ownIdentity };
  return {
    post: (post) => postMessage(searcher, post),
    update: (params) => updateMessage(api, params),
    whisper: (params) => whisper(api, params),
    openView: (params) => openView(api, params),
    person: async ({ id, signal }) => findPerson(api, { id, own: await ownIdentity(signal), signal }),
    groupMembers: (params) => findGroupMembers(api, params),
  };
}

/** The key stays with the message: metadata that an update does not name is kept. */
async function updateMessage(
  api: SlackApi,
  { place, content, signal }: Parameters<ChatPort["update"]>[0],
): Promise<"updated" | "gone"> {
  const args = { channel: place.channel, ts: place.ts, text: content.text, blocks: content.blocks };
  try {
    await api.call({ method: "chat.update", args, answer: done, repeatable: true, signal });
    return "updated";
  } catch (error) {
    if (goneCodes.has(slackCodeOf(error) ?? "")) return "gone";
    throw error;
  }
}

async function whisper(api: SlackApi, params: Parameters<ChatPort["whisper"]>[0]): Promise<void> {
  const { channel, person, thread, content, signal } = params;
  const { text, blocks } = content;
  const args = { channel, user: person, text, blocks, ...(thread === null ? {} : { thread_ts: thread }) };
  await api.call({ method: "chat.postEphemeral", args, answer: done, repeatable: false, signal });
}

async function openView(api: SlackApi, params: Parameters<ChatPort["openView"]>[0]): Promise<void> {
  const { triggerId, view, signal } = params;
  const timeoutMs = Math.min(viewTimeoutMs, api.options.settings.timeoutMs);
  const args = { trigger_id: triggerId, view };
  await api.call({ method: "views.open", args, answer: done, repeatable: false, signal, timeoutMs });
}
