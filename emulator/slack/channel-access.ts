import { ApiError } from "./api-call.ts";
import type { SlackCore } from "./slack-core.ts";
import type { Channel } from "./workspace.ts";

/** The channel with this id. @throws ApiError `channel_not_found`: names are not ids. */
export function channelById({ directory }: SlackCore, id: string | null): Channel {
  const channel = directory.channels.find((each) => each.id === id);
  if (channel === undefined) throw new ApiError("channel_not_found");
  return channel;
}

/**
 * The channel that the app is about to write to, by id or, where a method allows it, by name. Public channels take messages of
 * an app that is not in them when it has the scope `chat:write.public` (docs.slack.dev/reference/scopes/chat.write.public).
 * @throws ApiError `channel_not_found`, `is_archived`, `not_in_channel`.
 */
export function channelForWriting(
  core: SlackCore,
  reference: string | null,
  { byName = true }: Readonly<{ byName?: boolean }> = {},
): Channel {
  const named = byName && reference !== null ? core.directory.channel(reference) : null;
  const channel = named ?? channelById(core, reference);
  if (channel.isArchived || core.faults.take("channel-archived") !== null) throw new ApiError("is_archived");
  if (core.faults.take("bot-removed") !== null) throw new ApiError("not_in_channel");
  const isMember = channel.members.includes(core.installation.botUserId);
  if (!isMember && !core.scopes.includes("chat:write.public")) throw new ApiError("not_in_channel");
  return channel;
}

/** The channel whose messages the app is about to read. @throws ApiError `channel_not_found`, `not_in_channel`. */
export function channelForReading(core: SlackCore, id: string | null): Channel {
  const channel = channelById(core, id);
  const isMember = channel.members.includes(core.installation.botUserId);
  if (!isMember || core.faults.take("bot-removed") !== null) throw new ApiError("not_in_channel");
  return channel;
}
