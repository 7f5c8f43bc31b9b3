/** What Slack says no with, and what a person has to do about it. The list of codes: docs.slack.dev/reference/methods. */
const refusals: Readonly<Record<string, string>> = {
  channel_not_found:
    "Slack knows no such channel, or it is private and Gantry is not in it. Check `notify.slack`, and in the channel: /invite @gantry.",
  is_archived: "The channel is archived. Unarchive it, or name another one in `notify.slack`.",
  not_in_channel: "Gantry is not in the channel. In the channel: /invite @gantry.",
  user_not_in_channel: "The person is not in the channel, so nothing can be shown to them there.",
  user_not_found: "Slack knows no such person in this workspace.",
  account_inactive:
    "Gantry's account in Slack was removed or deactivated. Install the app again and give Gantry the new token.",
  invalid_auth: "Slack does not accept Gantry's token. Give Gantry the bot token (xoxb-…) of the app.",
  not_authed: "Gantry has no token for Slack. Give Gantry the bot token (xoxb-…) of the app.",
  not_allowed_token_type:
    "Gantry's token is of the wrong kind. Give Gantry the bot token (xoxb-…) of the app.",
  token_revoked: "Gantry's token for Slack was revoked. Install the app again and give Gantry the new token.",
  token_expired:
    "Gantry's token for Slack has expired. Install the app again, without token rotation, and give Gantry the new token.",
  missing_scope:
    "Gantry's app in Slack lacks a right. Update the app with `gantry slack manifest`, then install it again.",
  no_permission:
    "Gantry's app in Slack may not do this. Update the app with `gantry slack manifest`, then install it again.",
  access_denied: "Slack denies Gantry the access. Ask an admin of the workspace to approve the app.",
  ekm_access_denied: "The workspace's admins have suspended access to its messages. Ask one of them.",
  team_access_not_granted: "The app is not installed in this workspace. Ask an admin to install it there.",
  org_login_required: "The workspace is being moved to an organization. Install the app again afterwards.",
  restricted_action:
    "The workspace's rules keep Gantry from posting in this channel. Ask an admin to allow it.",
  restricted_action_read_only_channel:
    "The channel is read-only for Gantry. Ask an admin to let it post there.",
  restricted_action_thread_only_channel:
    "The channel takes answers in threads only. Name another one in `notify.slack`.",
  restricted_action_thread_locked: "The thread is locked. Unlock it in Slack.",
  restricted_action_non_threadable_channel: "The channel has no threads. Name another one in `notify.slack`.",
  channel_limit_exceeded: "The workspace has more channels than its plan allows. Ask an admin.",
  message_limit_exceeded: "The workspace sends more messages than its plan allows. Ask an admin.",
  thread_not_found: "The message that this answers was deleted.",
  cannot_reply_to_message: "The message that this answers takes no answers.",
  expired_trigger_id:
    "The click is older than three seconds, and Slack opens no dialog for it any more. Click again.",
  exchanged_trigger_id: "The dialog of this click was opened already.",
  invalid_trigger_id: "Slack does not know this click. Click again.",
  trigger_expired:
    "The click is older than three seconds, and Slack opens no dialog for it any more. Click again.",
  trigger_exchanged: "The dialog of this click was opened already.",
};

/** Codes after which the same call may succeed. `unknown` = some of it may have been done all the same. */
const passing: Readonly<Record<string, "no" | "unknown">> = {
  fatal_error: "unknown",
  internal_error: "unknown",
  service_unavailable: "unknown",
  request_timeout: "no",
  accesslimited: "no",
  team_added_to_org: "no",
};

/** A sentence for a person and what to do; null for a code that only a mistake of Gantry's leads to. */
export function sentenceFor(code: string): string | null {
  return Object.hasOwn(refusals, code) ? (refusals[code] ?? null) : null;
}

/** Whether it may pass, and whether it was done all the same; null = it is a refusal. */
export function passingFate(code: string): "no" | "unknown" | null {
  return Object.hasOwn(passing, code) ? (passing[code] ?? null) : null;
}
