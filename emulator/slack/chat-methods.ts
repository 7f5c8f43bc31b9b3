import { type ApiAnswer, type ApiArguments, ApiError } from "./api-call.ts";
import { channelById, channelForWriting } from "./channel-access.ts";
import { messageContent } from "./message-content.ts";
import type { Message } from "./message-log.ts";
import type { SlackCore } from "./slack-core.ts";
import { wireMessage } from "./wire.ts";

const longestPost = 40_000;
const longestUpdate = 4_000;

/** chat.postMessage: by channel id or name, into a thread when `thread_ts` names one. */
export function postMessage(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channel = channelForWriting(core, args.text("channel"));
  const content = contentOfPost(args);
  const threadTs = args.text("thread_ts");
  const root = threadTs === null ? null : core.messages.find(channel.id, threadTs);
  if (threadTs !== null && root === null) throw new ApiError("thread_not_found");
  const message = core.messages.post({
    ...ours(core, channel.id),
    ...content,
    threadTs: root === null ? null : (root.threadTs ?? root.ts),
    broadcast: root !== null && args.flag("reply_broadcast"),
    clientMsgId: args.text("client_msg_id"),
  });
  return { channel: channel.id, ts: message.ts, message: wireMessage(core, message) };
}

/**
 * chat.update of a message that the app itself wrote. Blocks and metadata that are not sent stay, an empty list of blocks removes
 * them (docs.slack.dev/reference/methods/chat.update).
 */
export function updateMessage(core: SlackCore, args: ApiArguments): ApiAnswer {
  const message = ownMessage(core, args, "cant_update_message");
  const content = messageContent(args, longestUpdate);
  const text = content.text ?? message.text;
  const next = core.messages.change(message, {
    text,
    blocks: content.blocks ?? message.blocks,
    metadata: content.metadata ?? message.metadata,
    broadcast: args.text("reply_broadcast") === null ? message.broadcast : args.flag("reply_broadcast"),
    editedTs: text === message.text ? message.editedTs : core.messages.nextTs(),
  });
  return { channel: next.channel, ts: next.ts, text, message: wireMessage(core, next) };
}

/** chat.postEphemeral: only one person sees it, and no method can find it again. */
export function postEphemeral(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channel = channelForWriting(core, args.text("channel"));
  const user = core.directory.person(args.required("user", "user_not_found"));
  if (user === null) throw new ApiError("user_not_found");
  if (!channel.members.includes(user.id)) throw new ApiError("user_not_in_channel");
  const content = contentOfPost(args);
  const threadTs = args.text("thread_ts");
  const draft = { ...ours(core, channel.id), ...content, threadTs, onlyFor: user.id };
  return { message_ts: core.messages.post(draft).ts };
}

/** chat.delete of a message that the app itself wrote. */
export function deleteMessage(core: SlackCore, args: ApiArguments): ApiAnswer {
  const message = ownMessage(core, args, "cant_delete_message");
  core.messages.remove(message);
  return { channel: message.channel, ts: message.ts };
}

/** chat.getPermalink: an address of the local page. */
export function permalink(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channel = channelById(core, args.text("channel"));
  const message = core.messages.find(channel.id, args.required("message_ts", "message_not_found"));
  if (message === null || message.onlyFor !== null) throw new ApiError("message_not_found");
  const path = `/archives/${channel.id}/p${message.ts.replace(".", "")}`;
  const thread = message.threadTs === null ? "" : `?thread_ts=${message.threadTs}&cid=${channel.id}`;
  return { channel: channel.id, permalink: `${core.baseUrl()}${path}${thread}` };
}

/** reactions.add by the app. */
export function addReaction(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channel = channelForWriting(core, args.text("channel"));
  const message = core.messages.find(channel.id, args.required("timestamp", "no_item_specified"));
  if (message === null || message.onlyFor !== null) throw new ApiError("message_not_found");
  const name = args.required("name", "invalid_name").replace(/^:|:$/g, "");
  if (!/^[a-z0-9_+'-]+$/.test(name)) throw new ApiError("invalid_name");
  const bot = core.installation.botUserId;
  const known = message.reactions.find((reaction) => reaction.name === name);
  if (known?.users.includes(bot)) throw new ApiError("already_reacted");
  const others = message.reactions.filter((reaction) => reaction !== known);
  core.messages.change(message, { reactions: [...others, { name, users: [...(known?.users ?? []), bot] }] });
  return {};
}

function contentOfPost(args: ApiArguments) {
  const { text, blocks, metadata } = messageContent(args, longestPost);
  return { text: text ?? "", blocks: blocks ?? [], metadata };
}

function ours({ installation }: SlackCore, channel: string) {
  return { channel, user: installation.botUserId, fromApp: true };
}

function ownMessage(core: SlackCore, args: ApiArguments, refusal: string): Message {
  const channel = channelForWriting(core, args.text("channel"), { byName: false });
  const message = core.messages.find(channel.id, args.required("ts", "message_not_found"));
  if (message === null || message.onlyFor !== null) throw new ApiError("message_not_found");
  if (!message.fromApp) throw new ApiError(refusal);
  return message;
}
