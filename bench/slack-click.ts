import { createHmac } from "node:crypto";
import { chatActions } from "../shared/domain/chat-buttons.ts";
import type { ReleaseId } from "../shared/domain/ids.ts";
import { rootMessage } from "../shared/domain/release-message.ts";
import { messageFacts } from "../test/support/message-facts.ts";

export const benchTeam = "T0BENCH00";
export const benchApp = "A0BENCH00";
export const slackSecret = "the bench's own signing secret";

export type SlackClick = Readonly<{ body: string; headers: Readonly<Record<string, string>> }>;

const message = rootMessage(
  messageFacts(
    { status: "awaiting-approval" },
    {
      approval: {
        id: "approval-1",
        from: ["@ml-oncall"],
        count: 1,
        expiresAt: Date.UTC(2026, 0, 5, 13),
        approvedBy: [],
      },
    },
  ),
);

/** A click on Approve as Slack sends it: with the whole message that the button stands in, signed a moment ago. */
export function slackClick(
  params: Readonly<{ release: ReleaseId; approval: string; user: string; number: number; now: number }>,
): SlackClick {
  const { release, approval, user, number, now } = params;
  const ts = "1767600000.000100";
  const payload = {
    type: "block_actions",
    user: { id: user, username: "bench", name: "bench", team_id: benchTeam },
    api_app_id: benchApp,
    token: "of no use",
    container: { type: "message", message_ts: ts, channel_id: "C0DEPLOYS", is_ephemeral: false },
    trigger_id: `${number}.45447629121.803a0bc887a14d10d2c447fce8b6703c`,
    team: { id: benchTeam, domain: "bench" },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: "C0DEPLOYS", name: "deploys" },
    message: { type: "message", user: "U0GANTRY", bot_id: "B0GANTRY", ts, thread_ts: ts, ...message },
    state: { values: {} },
    response_url: `https://hooks.slack.com/actions/${benchTeam}/1/x`,
    actions: [
      {
        action_id: chatActions.approve,
        block_id: "gantry.1.1",
        type: "button",
        value: JSON.stringify({ v: 1, release, approval }),
        action_ts: `1767600005.${String(number).padStart(6, "0")}`,
      },
    ],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = `${Math.floor(now / 1_000)}`;
  const hex = createHmac("sha256", slackSecret).update(`v0:${timestamp}:${body}`).digest("hex");
  return {
    body,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${hex}`,
    },
  };
}
