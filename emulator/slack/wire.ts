import type { Message, MessageLog } from "./message-log.ts";
import type { OpenView } from "./modal-views.ts";
import type { SlackCore } from "./slack-core.ts";
import type { Channel, Installation, Person, UserGroup } from "./workspace.ts";

type Wire = Readonly<Record<string, unknown>>;
const present = (condition: boolean, fields: Wire): Wire => (condition ? fields : {});

/** A message as answers and payloads show it. */
export function wireMessage(core: SlackCore, message: Message): Wire {
  const { installation, messages } = core;
  const { user, ts, text, fromApp, threadTs, editedTs } = message;
  return {
    type: "message",
    ...present(message.broadcast, { subtype: "thread_broadcast" }),
    user,
    ts,
    text,
    team: installation.teamId,
    ...present(fromApp, { bot_id: installation.botId, app_id: installation.appId }),
    ...present(message.blocks.length > 0, { blocks: message.blocks }),
    ...present(message.clientMsgId !== null, { client_msg_id: message.clientMsgId }),
    ...present(message.metadata !== null, { metadata: message.metadata }),
    ...present(editedTs !== null, { edited: { user, ts: editedTs } }),
    ...present(message.reactions.length > 0, {
      reactions: message.reactions.map((each) => ({ ...each, count: each.users.length })),
    }),
    ...(threadTs === null ? threadSummary(messages, message) : { thread_ts: threadTs }),
  };
}

function threadSummary(messages: MessageLog, message: Message): Wire {
  const replies = messages.replies(message);
  if (replies.length === 0) return {};
  const users = [...new Set(replies.map(({ user }) => user))];
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users: users,
    reply_users_count: users.length,
    latest_reply: replies.at(-1)?.ts,
  };
}

/** Without `metadata`, which a history shows only to who asks for it. */
export function withoutMetadata({ metadata, ...rest }: Wire): Wire {
  return rest;
}

export function wireChannel(channel: Channel, { botUserId, teamId }: Installation): Wire {
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_private: false,
    is_archived: channel.isArchived,
    is_member: channel.members.includes(botUserId),
    num_members: channel.members.length,
    context_team_id: teamId,
  };
}

/** @param withEmail whether the app may see the address (scope `users:read.email`). */
export function wireUser(person: Person, withEmail: boolean): Wire {
  const { id, name, realName, kind, teamId, zone, email } = person;
  return {
    id,
    team_id: teamId,
    name,
    deleted: kind === "deactivated",
    real_name: realName,
    profile: { real_name: realName, display_name: name, team: teamId, ...present(withEmail, { email }) },
    ...present(kind !== "deactivated", {
      real_name: realName,
      tz: zone,
      is_admin: false,
      is_owner: false,
      is_restricted: kind === "guest",
      is_ultra_restricted: kind === "guest",
    }),
    ...present(kind === "stranger", { is_stranger: true }),
    is_bot: kind === "bot",
    is_app_user: false,
  };
}

export function wireUserGroup(group: UserGroup, teamId: string, withUsers: boolean): Wire {
  return {
    id: group.id,
    team_id: teamId,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    description: "",
    is_external: false,
    date_delete: 0,
    user_count: group.users.length,
    ...present(withUsers, { users: group.users }),
  };
}

/** A modal as answers and payloads show it. @param values what the person has put in. */
export function wireView({ installation }: SlackCore, view: OpenView, values: Wire = {}): Wire {
  const { modal } = view;
  return {
    id: view.id,
    team_id: installation.teamId,
    type: "modal",
    blocks: modal.blocks,
    private_metadata: modal.private_metadata ?? "",
    callback_id: modal.callback_id ?? "",
    external_id: modal.external_id ?? "",
    state: { values },
    hash: view.hash,
    title: modal.title,
    close: modal.close ?? null,
    submit: modal.submit ?? null,
    clear_on_close: modal.clear_on_close ?? false,
    notify_on_close: modal.notify_on_close ?? false,
    previous_view_id: null,
    root_view_id: view.rootId,
    app_id: installation.appId,
    app_installed_team_id: installation.teamId,
    bot_id: installation.botId,
  };
}
