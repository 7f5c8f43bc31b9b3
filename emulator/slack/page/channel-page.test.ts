import { expect } from "chai";
import type { Page } from "playwright-core";
import { chromiumPath, openBrowser } from "../testing/chromium.ts";
import { slackHarness } from "../testing/slack-harness.ts";

const channel = "C0DEPLOYS";
const plain = (text: string) => ({ type: "plain_text" as const, text });

const approval = [
  { type: "header" as const, text: plain("background-removal v1.8.0") },
  {
    type: "section" as const,
    text: {
      type: "mrkdwn" as const,
      text: "*Ready* for 5 % &lt;script&gt; <javascript:alert(1)|harmless> <!date^1767603600^{date_num} {time}|once>",
    },
  },
  {
    type: "actions" as const,
    block_id: "decide",
    elements: [
      {
        type: "button" as const,
        text: plain("Approve 5 %"),
        action_id: "approve",
        value: "release-1:nonce",
        style: "primary" as const,
        confirm: {
          title: plain("Approve v1.8.0?"),
          text: { type: "mrkdwn" as const, text: "5 % of traffic moves to *v1.8.0*." },
          confirm: plain("Approve"),
          deny: plain("Not yet"),
        },
      },
      { type: "button" as const, text: plain("Reject"), action_id: "reject", style: "danger" as const },
    ],
  },
];

const reasonModal = {
  type: "modal" as const,
  callback_id: "reject",
  private_metadata: "release-1",
  title: plain("Reject v1.8.0"),
  submit: plain("Reject"),
  blocks: [
    {
      type: "input" as const,
      block_id: "why",
      label: plain("Why?"),
      element: { type: "plain_text_input" as const, action_id: "reason", multiline: true },
    },
    {
      type: "input" as const,
      block_id: "what",
      label: plain("What next?"),
      optional: true,
      element: {
        type: "static_select" as const,
        action_id: "next",
        options: [{ text: plain("Fix forward"), value: "fix" }],
      },
    },
  ],
};

describe("The page of the local Slack, in chromium", () => {
  let harness: Awaited<ReturnType<typeof slackHarness>>;
  let browser: Awaited<ReturnType<typeof openBrowser>> | null = null;
  let page: Page;

  before(async function () {
    if (chromiumPath === null) {
      console.log("    skipped: no chromium was found in /usr/bin");
      this.skip();
    }
    browser = await openBrowser(chromiumPath, { timezoneId: "America/New_York" });
    page = await browser.context.newPage();
  });

  after(() => browser?.close());

  beforeEach(async () => {
    harness = await slackHarness();
    const { client } = harness;
    await client.chat.postMessage({ channel, text: "v1.8.0 waits for an approval", blocks: approval });
    await page.goto(`${harness.slack.url}/?user=U0MAYA000`);
    await page.locator("#link-state", { hasText: "live" }).waitFor();
  });

  afterEach(() => harness.close());

  it("asks before it sends a click, and sends it signed", async () => {
    const { app } = harness;
    await page.getByRole("button", { name: "Approve 5 %" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.textContent()).to.contain("5 % of traffic moves to v1.8.0.");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Approve 5 %" }).click();
    await dialog.getByRole("button", { name: "Not yet" }).click();
    expect(app.received, "nothing was sent yet").to.have.length(0);
    await page.getByRole("button", { name: "Approve 5 %" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText(/acknowledged after \d+ ms/).waitFor();
    expect(app.received.map(({ signatureIsRight }) => signatureIsRight)).to.deep.equal([true]);
    expect(app.payload).to.include({ type: "block_actions", api_app_id: "A0GANTRY0" });
    expect(app.payload.user.id).to.equal("U0MAYA000");
    expect(app.payload.actions[0]).to.include({
      action_id: "approve",
      block_id: "decide",
      value: "release-1:nonce",
    });
  });

  it("shows what is typed by others as text, and dates in the reader's zone", async () => {
    const text = await page.locator("article").textContent();
    expect(text).to.contain("<script>").and.to.contain("2026-01-05 4:00 AM");
    expect(await page.locator("article a").count()).to.equal(0);
  });

  it("lets a modal open for whoever clicked and sends what was put in", async () => {
    const { app, client } = harness;
    app.answer = async () => {
      if (app.payload.type === "block_actions")
        await client.views.open({ trigger_id: app.payload.trigger_id, view: reasonModal });
      return {};
    };
    await page.locator("#person-switch select").selectOption("U0LEE0000");
    await page.waitForURL(/U0LEE0000/);
    await page.locator("#link-state", { hasText: "live" }).waitFor();
    await page.getByRole("button", { name: "Reject" }).click();
    const modal = page.getByRole("dialog", { name: "Reject v1.8.0" });
    await modal.getByRole("button", { name: "Reject" }).click();
    await modal.getByText("Please complete this required field.").waitFor();
    await modal.getByLabel("Why?").fill("p95 too high");
    await modal.getByLabel("What next?").selectOption("fix");
    await modal.getByRole("button", { name: "Reject" }).click();
    await modal.waitFor({ state: "detached" });
    const { type, user, view } = app.payload;
    expect({ type, user: user.id }).to.deep.equal({ type: "view_submission", user: "U0LEE0000" });
    expect(view.state.values.why.reason.value).to.equal("p95 too high");
    expect(view.state.values.what.next.selected_option.value).to.equal("fix");
    expect(view.private_metadata).to.equal("release-1");
  });

  it("takes a slash command, shows the answer live to the asker, and offers its faults", async () => {
    const { app, slack } = harness;
    app.answer = () => ({ body: JSON.stringify({ text: "v1.7.0 is *live*" }) });
    await page.getByLabel("Message #deploys").fill("/gantry status");
    await page.keyboard.press("Enter");
    await page.getByText("Only visible to you").waitFor();
    expect(new URLSearchParams(app.received[0]?.rawBody).get("text")).to.equal("status");
    await page.getByText("Make Slack misbehave").click();
    await page.getByLabel("wrong-signature").check();
    await page.getByText("Switched on: wrong-signature").waitFor();
    expect(slack.faults.isOn("wrong-signature")).to.equal(true);
    await page.getByRole("button", { name: "Reject" }).dblclick();
    while (app.received.length < 3) await page.waitForTimeout(10);
    expect(app.received.slice(1).map(({ signatureIsRight }) => signatureIsRight)).to.deep.equal([
      false,
      false,
    ]);
  });

  it("fits into a narrow window, with a thread and an edit that come while one looks", async () => {
    const { client, slack } = harness;
    await page.setViewportSize({ width: 390, height: 844 });
    const ts = slack.messages(channel)[0]?.ts ?? "";
    await client.chat.postMessage({ channel, thread_ts: ts, text: "Build succeeded" });
    await page.getByRole("link", { name: "1 reply" }).click();
    await page.locator("#link-state", { hasText: "live" }).waitFor();
    await client.chat.update({ channel, ts, text: "Approved", blocks: [] });
    await page.locator("#thread").getByText("Approved").waitFor();
    expect(await page.locator("#thread article").count()).to.equal(2);
    expect(await page.locator("#messages .edited").count()).to.equal(1);
    const root = page.locator("html");
    expect(await root.evaluate((element) => element.scrollWidth - element.clientWidth)).to.equal(0);
  });
});
