import { expect } from "chai";
import { signedHeaders } from "./signature.ts";
import { refusal, signingSecret, slackHarness } from "./testing/slack-harness.ts";

const channel = "C0DEPLOYS";
const plain = (text: string) => ({ type: "plain_text" as const, text });
const modal = {
  type: "modal" as const,
  title: plain("Why?"),
  submit: plain("Send"),
  blocks: [
    {
      type: "input" as const,
      block_id: "why",
      label: plain("Why?"),
      element: { type: "plain_text_input" as const, action_id: "reason" },
    },
  ],
};
const buttons = [
  {
    type: "actions" as const,
    block_id: "decide",
    elements: [
      { type: "button" as const, text: plain("Approve"), action_id: "approve", value: "nonce-1" },
      {
        type: "static_select" as const,
        action_id: "to",
        options: [{ text: plain("25 %"), value: "25" }],
      },
    ],
  },
];

describe("What the local Slack sends to an app", () => {
  let harness: Awaited<ReturnType<typeof slackHarness>>;
  let now: number;
  let ackTimeoutMs = 3000;
  let ts: string;

  beforeEach(async () => {
    now = Date.now();
    harness = await slackHarness({ clock: () => now, ackTimeoutMs });
    const posted = await harness.client.chat.postMessage({ channel, text: "Approve?", blocks: buttons });
    ts = posted.ts ?? "";
  });

  afterEach(() => harness.close());

  const approve = { actionId: "approve" };
  const respondTo = (url: string, body: object) =>
    fetch(url, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });

  it("is signed as Slack's documentation shows", () => {
    const rawBody =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    expect(signedHeaders(signingSecret, { rawBody, timestamp: 1531420618 })).to.deep.equal({
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    });
  });

  it("tells of a click who, where, what, and the message as it stands", async () => {
    const { slack, app } = harness;
    const delivery = await slack.as("@maya").click({ ts, ...approve });
    expect(delivery).to.include({ status: 200, error: null });
    expect(app.received).to.have.length(1);
    expect(app.received[0]).to.include({ path: "/interactivity", signatureIsRight: true });
    const { payload } = app;
    expect(payload).to.include({ type: "block_actions", api_app_id: "A0GANTRY0" });
    expect(payload.user).to.include({ id: "U0MAYA000", team_id: "T0LOCAL00" });
    expect(payload.team.id).to.equal("T0LOCAL00");
    expect(payload.channel).to.deep.equal({ id: channel, name: "deploys" });
    expect(payload.container).to.include({ type: "message", message_ts: ts, is_ephemeral: false });
    expect(payload.message).to.include({ ts, text: "Approve?" });
    const [action] = payload.actions;
    expect(action).to.include({ type: "button", action_id: "approve", block_id: "decide", value: "nonce-1" });
    expect(action.action_ts).to.match(/^\d+\.\d{6}$/);
  });

  it("tells which option of a menu was chosen", async () => {
    const { slack, app } = harness;
    await slack.as("@maya").click({ ts, actionId: "to", value: "25" });
    expect(app.payload.actions[0].selected_option.value).to.equal("25");
  });

  it("tells of a stranger's click that she belongs to another workspace", async () => {
    const { slack, app } = harness;
    await slack.as("@sam").click({ ts, ...approve });
    expect([app.payload.team.id, app.payload.user.team_id]).to.deep.equal(["T0LOCAL00", "T0OTHER00"]);
  });

  it("shows a slash command's answer to the asker alone, or says that it failed", async () => {
    const { slack, app } = harness;
    app.answer = () => ({ body: JSON.stringify({ response_type: "ephemeral", text: "v1.8.0 is live" }) });
    await slack.as("@lee").slash("status");
    const form = Object.fromEntries(new URLSearchParams(app.received[0]?.rawBody));
    expect(app.received[0]).to.include({ path: "/command", signatureIsRight: true });
    expect(form).to.include({
      command: "/gantry",
      text: "status",
      user_id: "U0LEE0000",
      channel_id: channel,
    });
    expect(form).to.include({ team_id: "T0LOCAL00", api_app_id: "A0GANTRY0" });
    expect(slack.as("@lee").ephemerals(channel)[0]?.text).to.equal("v1.8.0 is live");
    app.answer = () => ({ status: 500 });
    await slack.as("@lee").slash("status");
    expect(slack.as("@lee").ephemerals(channel)[1]?.text).to.contain(
      'failed with the error "dispatch_failed"',
    );
    expect(slack.messages(channel)).to.have.length(1);
  });

  it("takes answers at a response_url five times, for half an hour", async () => {
    const { slack, app } = harness;
    await slack.as("@maya").click({ ts, ...approve });
    const url: string = app.payload.response_url;
    expect(await (await respondTo(url, { text: "only you" })).text()).to.equal("ok");
    expect(slack.as("@maya").ephemerals(channel)).to.have.length(1);
    await respondTo(url, { response_type: "in_channel", text: "everybody" });
    await respondTo(url, { replace_original: true, text: "Approved", blocks: [] });
    expect(slack.messages(channel).map(({ text }) => text)).to.deep.equal(["Approved", "everybody"]);
    await respondTo(url, { delete_original: true });
    expect(slack.messages(channel).map(({ text }) => text)).to.deep.equal(["everybody"]);
    await respondTo(url, { text: "fifth" });
    const sixth = await respondTo(url, { text: "sixth" });
    expect([sixth.status, await sixth.json()]).to.deep.equal([404, { ok: false, error: "used_url" }]);
    const other = await harness.client.chat.postMessage({ channel, text: "Again?", blocks: buttons });
    await slack.as("@maya").click({ ts: other.ts ?? "", ...approve });
    const second: string = app.payload.response_url;
    now += 30 * 60_000 + 1;
    expect(await (await respondTo(second, { text: "late" })).json()).to.include({ error: "expired_url" });
  });

  it("opens a modal for one trigger id, once, within three seconds", async () => {
    const { slack, app, client } = harness;
    const code = async (trigger_id: string) =>
      (await refusal(client.views.open({ trigger_id, view: modal }))).data?.["error"];
    await slack.as("@maya").click({ ts, ...approve });
    const first: string = app.payload.trigger_id;
    await client.views.open({ trigger_id: first, view: modal });
    expect(await code(first)).to.equal("exchanged_trigger_id");
    expect(await code("1.2.3")).to.equal("invalid_trigger_id");
    await slack.as("@maya").click({ ts, ...approve });
    now += 3001;
    expect(await code(app.payload.trigger_id)).to.equal("expired_trigger_id");
  });

  it("shows the errors that the app finds in a modal, and closes it when there are none", async () => {
    const { slack, app, client } = harness;
    const maya = slack.as("@maya");
    await maya.click({ ts, ...approve });
    await client.views.open({ trigger_id: app.payload.trigger_id, view: modal });
    expect(await maya.submitView({ reason: "" }), "a required input is empty").to.equal(null);
    app.answer = () => ({
      body: JSON.stringify({ response_action: "errors", errors: { why: "Too short" } }),
    });
    await maya.submitView({ reason: "no" });
    expect(maya.views()[0]?.errors).to.deep.equal({ why: "Too short" });
    const view_id = maya.views()[0]?.id ?? "";
    const conflict = refusal(client.views.update({ view_id, hash: "1.old", view: modal }));
    expect((await conflict).data).to.include({ error: "hash_conflict" });
    await client.views.update({ view_id, view: { ...modal, title: plain("And why?") } });
    app.answer = () => ({});
    await maya.submitView({ reason: "p95 too high" });
    expect(app.payload.view.state.values.why.reason.value).to.equal("p95 too high");
    expect(app.payload.view.title.text).to.equal("And why?");
    expect(maya.views()).to.have.length(0);
  });

  it("says of an ephemeral message's click that it is one, without the message", async () => {
    const { slack, app, client } = harness;
    await client.chat.postEphemeral({ channel, user: "U0LEE0000", text: "Sure?", blocks: buttons });
    const [message] = slack.as("@lee").ephemerals(channel);
    await slack.as("@lee").click({ ts: message?.ts ?? "", ...approve });
    expect(app.payload.container.is_ephemeral).to.equal(true);
    expect(app.payload).to.not.have.property("message");
    const byAnother = slack.as("@maya").click({ ts: message?.ts ?? "", ...approve });
    expect(await refusal(byAnother)).to.be.instanceOf(Error);
  });

  describe("when the app does not answer", () => {
    before(() => {
      ackTimeoutMs = 150;
    });

    after(() => {
      ackTimeoutMs = 3000;
    });

    it("waits so long for an acknowledgement and shows that none came", async () => {
      const { slack, app } = harness;
      app.answer = () => null;
      const delivery = await slack.as("@maya").click({ ts, ...approve });
      expect(delivery).to.include({ status: null, error: "operation_timeout" });
      expect(delivery.ms).to.be.at.least(140);
      const page = (await (await fetch(`${slack.url}/?user=U0MAYA000`)).text()) ?? "";
      expect(page).to.contain("timed out after");
      const others = (await (await fetch(`${slack.url}/?user=U0LEE0000`)).text()) ?? "";
      expect(others).to.not.contain("timed out after");
    });
  });

  describe("with faults", () => {
    it("sends the same payload twice", async () => {
      const { slack, app } = harness;
      slack.faults.set("sends-twice");
      await slack.as("@maya").click({ ts, ...approve });
      const [first, second] = app.received;
      expect(app.received).to.have.length(2);
      expect(second).to.deep.equal(first);
    });

    it("signs wrongly, too early and too late", async () => {
      const { slack, app } = harness;
      slack.faults.set("wrong-signature", { count: 1 });
      await slack.as("@maya").click({ ts, ...approve });
      slack.faults.set("stale-timestamp", { count: 1 });
      await slack.as("@maya").click({ ts, ...approve });
      slack.faults.set("future-timestamp", { count: 1 });
      await slack.as("@maya").slash("status");
      expect(app.received.map(({ signatureIsRight }) => signatureIsRight)).to.deep.equal([false, true, true]);
      const seconds = Math.floor(now / 1000);
      expect(app.received.map(({ timestamp }) => Number(timestamp) - seconds)).to.deep.equal([0, -301, 301]);
    });

    it("speaks for another workspace and another app", async () => {
      const { slack, app } = harness;
      slack.faults.set("other-workspace", { count: 1 });
      await slack.as("@maya").click({ ts, ...approve });
      expect([app.payload.team.id, app.payload.user.team_id]).to.deep.equal(["T0FOREIGN", "T0FOREIGN"]);
      slack.faults.set("other-app", { count: 1 });
      await slack.as("@maya").click({ ts, ...approve });
      expect(app.payload.api_app_id).to.equal("A0FOREIGN");
      expect(app.received.every(({ signatureIsRight }) => signatureIsRight)).to.equal(true);
      expect(slack.faults.list()).to.deep.equal({});
    });

    it("reaches nobody while the app does not listen", async () => {
      const lonely = await slackHarness({ targets: () => null });
      try {
        await lonely.client.chat.postMessage({ channel, text: "Approve?", blocks: buttons });
        const [message] = lonely.slack.messages(channel);
        const delivery = await lonely.slack.as("@maya").click({ ts: message?.ts ?? "", ...approve });
        expect(delivery).to.include({ status: null, error: "dispatch_failed" });
      } finally {
        await lonely.close();
      }
    });
  });
});
