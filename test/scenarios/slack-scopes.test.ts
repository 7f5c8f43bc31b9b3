import { expect } from "chai";
import { parse } from "yaml";
import { z } from "zod";
import { appManifest } from "../../cli/slack/app-manifest.ts";
import { botToken, slackHarness } from "../../emulator/slack/testing/slack-harness.ts";
import { createSlackChat } from "../../shared/adapters/slack/slack-chat.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";

const manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });
const { bot: scopes } = manifest.parse(parse(appManifest({ url: "https://gantry.test" }))).oauth_config
  .scopes;

const settings = { timeoutMs: 150, retries: 0, retryMs: 1, settleMs: 1, lookBackMs: 3_600_000 };
const content = { text: "v1.8.0 is being built.", blocks: [{ type: "divider" }] };
const root = { thread: null, broadcast: false, content, triedSince: null };

/** What Gantry does in Slack, and what of it an app with these scopes may not do, the real client before the local Slack. */
async function impossibleWith(granted: readonly string[]): Promise<readonly string[]> {
  const { slack, close } = await slackHarness({ scopes: granted });
  const signal = new AbortController().signal;
  const options = { apiUrl: slack.apiUrl, token: () => botToken, clock: systemClock, settings };
  const chat = createSlackChat(options);
  const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
    "post where nobody invited it": () =>
      chat.post({ ...root, channel: "#random", key: "r-1/root/1", signal }),
    "ask who clicked": () => chat.person({ id: "U0MAYA000", signal }),
    "ask who is in a group": () => chat.groupMembers({ handle: "ml-oncall", signal }),
    "find a message again whose post was not answered, by the name of its channel": () => {
      slack.faults.set("reply-lost");
      return createSlackChat(options).post({ ...root, channel: "#deploys", key: "r-2/root/1", signal });
    },
  };
  const failed: string[] = [];
  for (const [name, deed] of Object.entries(deeds)) await deed().catch(() => failed.push(name));
  await close();
  return failed;
}

describe("The scopes of the app's manifest", () => {
  it("are enough for all that Gantry does in Slack", async () => {
    expect(await impossibleWith(scopes)).to.deep.equal([]);
  });

  for (const scope of scopes.filter((each) => each !== "commands")) // for /gantry, which calls nothing
    it(`are none too many: without ${scope} something is not possible`, async () => {
      expect(await impossibleWith(scopes.filter((each) => each !== scope))).to.have.length.of.at.least(1);
    });
});
