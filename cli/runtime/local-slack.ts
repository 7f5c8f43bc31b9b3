import { createHash } from "node:crypto";
import type { LocalCloudOptions } from "../../emulator/local-cloud.ts";
import type { SlackTargets } from "../../emulator/slack/app-delivery.ts";
import type { Slack } from "../../emulator/slack/start-slack.ts";
import { slackDefaults } from "../../shared/adapters/slack/slack-api.ts";
import { createSlackChat } from "../../shared/adapters/slack/slack-chat.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { ChatPort } from "../../shared/ports/chat.ts";
import type { HttpOptions } from "./gantry-process.ts";

/** The app of the local workspace: the same at every start of one state folder. */
export type LocalSlack = Readonly<{
  /** What the workspace has to know of the app. */
  app: LocalCloudOptions["slack"];
  /** Gantry's side, once the workspace runs. */
  connect: (workspace: Slack) => Readonly<{ chat: ChatPort; door: HttpOptions["slack"] }>;
  /** From now on the workspace sends what people click and type to this Gantry. */
  listen: (gantryUrl: string) => void;
}>;

/** Signing secret and token are derived, so that a state folder needs one secret only. */
export function localSlack(secret: string): LocalSlack {
  const derived = (of: string): string =>
    createHash("sha256").update(`${of}/${secret}`).digest("hex").slice(0, 32);
  const signingSecret = derived("slack");
  const botToken = `xoxb-local-${derived("bot")}`;
  let targets: SlackTargets | null = null;
  return {
    app: { signingSecret, botToken, targets: () => targets },
    connect: ({ apiUrl, installation: { teamId, appId } }) => ({
      chat: createSlackChat({ apiUrl, token: () => botToken, clock: systemClock, settings: slackDefaults }),
      door: { signingSecrets: [signingSecret], teamIds: [teamId], appId },
    }),
    listen: (gantryUrl) => {
      const door = `${gantryUrl}/hooks/slack`;
      targets = { interactivity: door, command: door };
    },
  };
}
