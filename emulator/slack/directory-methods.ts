import { type ApiAnswer, type ApiArguments, ApiError, paged } from "./api-call.ts";
import { channelById, channelForReading } from "./channel-access.ts";
import type { Message } from "./message-log.ts";
import type { SlackCore } from "./slack-core.ts";
import { wireChannel, wireMessage, wireUser, wireUserGroup, withoutMetadata } from "./wire.ts";

/** auth.test */
export function authTest({ installation, baseUrl }: SlackCore): ApiAnswer {
  const { teamName, teamId, appName, botUserId, botId } = installation;
  return {
    url: `${baseUrl()}/`,
    team: teamName,
    user: appName.toLowerCase(),
    team_id: teamId,
    user_id: botUserId,
    bot_id: botId,
    is_enterprise_install: false,
  };
}

/** conversations.list */
export function listChannels(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channels = core.directory.channels.filter(
    ({ isArchived }) => !isArchived || !args.flag("exclude_archived"),
  );
  const { page, response_metadata } = paged(channels, args);
  return { channels: page.map((each) => wireChannel(each, core.installation)), response_metadata };
}

/** conversations.info */
export function channelInfo(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channel = wireChannel(channelById(core, args.text("channel")), core.installation);
  const isArchived = channel["is_archived"] === true || core.faults.isOn("channel-archived");
  const isMember = channel["is_member"] === true && !core.faults.isOn("bot-removed");
  return { channel: { ...channel, is_archived: isArchived, is_member: isMember } };
}

/** conversations.history: newest first, without replies unless they were broadcast. */
export function history(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channel = channelForReading(core, args.text("channel"));
  const inChannel = core.messages
    .all(channel.id)
    .filter(({ onlyFor, threadTs, broadcast }) => onlyFor === null && (threadTs === null || broadcast));
  return messagePage(core, args, inChannel.toReversed());
}

/** conversations.replies: the root, then its replies, oldest first. */
export function replies(core: SlackCore, args: ApiArguments): ApiAnswer {
  const channel = channelForReading(core, args.text("channel"));
  const found = core.messages.find(channel.id, args.required("ts", "thread_not_found"));
  if (found === null || found.onlyFor !== null) throw new ApiError("thread_not_found");
  const root = found.threadTs === null ? found : core.messages.find(channel.id, found.threadTs);
  if (root === null) throw new ApiError("thread_not_found");
  return messagePage(core, args, [root, ...core.messages.replies(root)]);
}

function messagePage(core: SlackCore, args: ApiArguments, messages: readonly Message[]): ApiAnswer {
  const oldest = Number(args.text("oldest") ?? 0);
  const latest = Number(args.text("latest") ?? Number.POSITIVE_INFINITY);
  const inclusive = args.flag("inclusive");
  const within = messages.filter(({ ts }) => {
    const at = Number(ts);
    return (at > oldest && at < latest) || (inclusive && (at === oldest || at === latest));
  });
  const { page, hasMore, response_metadata } = paged(within, args);
  const wired = page.map((message) => wireMessage(core, message));
  const shown = args.flag("include_all_metadata") ? wired : wired.map(withoutMetadata);
  return { messages: shown, has_more: hasMore, ...(hasMore ? { response_metadata } : {}) };
}

/** users.info */
export function userInfo(core: SlackCore, args: ApiArguments): ApiAnswer {
  const person = core.directory.people.find(({ id }) => id === args.text("user"));
  if (person === undefined) throw new ApiError("user_not_found");
  return { user: wireUser(person, core.scopes.includes("users:read.email")) };
}

/** users.list, in which nobody of another workspace is listed. */
export function listUsers(core: SlackCore, args: ApiArguments): ApiAnswer {
  const own = core.directory.people.filter(({ teamId }) => teamId === core.installation.teamId);
  const { page, response_metadata } = paged(own, args);
  const withEmail = core.scopes.includes("users:read.email");
  return { members: page.map((each) => wireUser(each, withEmail)), response_metadata };
}

/** usergroups.list */
export function listUserGroups(core: SlackCore, args: ApiArguments): ApiAnswer {
  const { teamId } = core.installation;
  const withUsers = args.flag("include_users");
  return { usergroups: core.directory.userGroups.map((each) => wireUserGroup(each, teamId, withUsers)) };
}

/** usergroups.users.list */
export function listGroupUsers(core: SlackCore, args: ApiArguments): ApiAnswer {
  const group = core.directory.userGroups.find(({ id }) => id === args.text("usergroup"));
  if (group === undefined) throw new ApiError("no_such_subteam");
  return { users: group.users };
}
