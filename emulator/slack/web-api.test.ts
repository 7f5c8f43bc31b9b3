import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { clientFor, refusal, slackHarness } from "./testing/slack-harness.ts";

const channel = "C0DEPLOYS";
const section = (text: string) => ({ type: "section" as const, text: { type: "mrkdwn" as const, text } });

describe("The local Slack's Web API, driven by @slack/web-api", () => {
  let harness: Awaited<ReturnType<typeof slackHarness>>;

  beforeEach(async () => {
    harness = await slackHarness();
  });

  afterEach(() => harness.close());

  /** The code with which the workspace refuses a call. */
  const codeOf = async (call: Promise<unknown>) => (await refusal(call)).data?.["error"];

  it("says who the bot is", async () => {
    const { client, slack } = harness;
    expect(await client.auth.test()).to.include({
      team_id: "T0LOCAL00",
      user_id: "U0GANTRY0",
      bot_id: "B0GANTRY0",
    });
    expect(slack.apiUrl).to.match(/\/api\/$/);
  });

  it("posts by name, edits in place, and marks an edit", async () => {
    const { client, slack } = harness;
    const posted = await client.chat.postMessage({
      channel: "#deploys",
      text: "one",
      blocks: [section("*one*")],
    });
    expect(posted.channel).to.equal(channel);
    expect(posted.message?.bot_id).to.equal("B0GANTRY0");
    const updated = await client.chat.update({
      channel,
      ts: posted.ts!,
      text: "two",
      blocks: [section("*two*")],
    });
    expect(updated.ts).to.equal(posted.ts);
    const [message] = slack.messages("#deploys");
    expect(message).to.include({ ts: posted.ts, text: "two", fromApp: true });
    expect(message?.editedTs).to.be.a("string");
    expect(message?.blocks[0]).to.have.property("block_id").that.is.a("string");
  });

  it("keeps blocks that an update does not name, and removes them for an empty list", async () => {
    const { client, slack } = harness;
    const { ts } = await client.chat.postMessage({ channel, text: "one", blocks: [section("kept")] });
    await client.chat.update({ channel, ts: ts!, text: "two" });
    expect(slack.messages(channel)[0]?.blocks).to.have.length(1);
    await client.chat.update({ channel, ts: ts!, text: "three", blocks: [] });
    expect(slack.messages(channel)[0]?.blocks).to.have.length(0);
  });

  it("gives each message a later time than the one before", async () => {
    const { client } = harness;
    const posts = Array.from({ length: 20 }, (_, n) => client.chat.postMessage({ channel, text: `${n}` }));
    const times = (await Promise.all(posts)).map(({ ts }) => ts ?? "");
    expect(new Set(times).size).to.equal(20);
    for (const ts of times) expect(ts).to.match(/^\d{10}\.\d{6}$/);
  });

  it("keeps a thread beside the channel unless a reply is broadcast", async () => {
    const { client } = harness;
    const { ts } = await client.chat.postMessage({ channel, text: "root" });
    const inThread = { channel, thread_ts: ts! };
    await client.chat.postMessage({ ...inThread, text: "quiet" });
    await client.chat.postMessage({ ...inThread, text: "loud", reply_broadcast: true });
    const history = await client.conversations.history({ channel });
    expect(history.messages?.map(({ text }) => text)).to.deep.equal(["loud", "root"]);
    expect(history.messages?.[1]).to.include({ reply_count: 2 });
    const replies = await client.conversations.replies({ channel, ts: ts! });
    expect(replies.messages?.map(({ text }) => text)).to.deep.equal(["root", "quiet", "loud"]);
  });

  it("shows metadata in a history to who asks for it", async () => {
    const { client } = harness;
    const metadata = { event_type: "gantry_release", event_payload: { id: "release-1" } };
    await client.chat.postMessage({ channel, text: "one", metadata, client_msg_id: "m-1" } as never);
    const asked = await client.conversations.history({ channel, include_all_metadata: true });
    expect(asked.messages?.[0]?.metadata).to.deep.equal(metadata);
    expect(asked.messages?.[0]).to.have.property("client_msg_id", "m-1");
    const notAsked = await client.conversations.history({ channel });
    expect(notAsked.messages?.[0]).to.not.have.property("metadata");
  });

  it("pages through a history", async () => {
    const { client } = harness;
    for (const text of ["a", "b", "c"]) await client.chat.postMessage({ channel, text });
    const first = await client.conversations.history({ channel, limit: 2 });
    expect(first.has_more).to.equal(true);
    const cursor = first.response_metadata?.next_cursor ?? "";
    const second = await client.conversations.history({ channel, limit: 2, cursor });
    expect(second.messages?.map(({ text }) => text)).to.deep.equal(["a"]);
  });

  it("refuses what Slack refuses, with Slack's codes", async () => {
    const { client } = harness;
    const { ts } = await client.chat.postMessage({ channel, text: "mine" });
    const cases: readonly (readonly [Promise<unknown>, string])[] = [
      [client.chat.postMessage({ channel: "#nowhere", text: "x" }), "channel_not_found"],
      [client.chat.postMessage({ channel: "#old-deploys", text: "x" }), "is_archived"],
      [client.chat.postMessage({ channel, text: "" }), "no_text"],
      [client.chat.postMessage({ channel, text: "x".repeat(40_001) }), "msg_too_long"],
      [client.chat.postMessage({ channel, text: "x", thread_ts: "1.000001" }), "thread_not_found"],
      [client.chat.update({ channel: "#deploys", ts: ts!, text: "x" }), "channel_not_found"],
      [client.chat.update({ channel, ts: "1.000001", text: "x" }), "message_not_found"],
      [client.chat.delete({ channel, ts: "1.000001" }), "message_not_found"],
      [client.chat.postEphemeral({ channel, user: "U0NOBODY0", text: "x" }), "user_not_found"],
      [
        client.chat.postEphemeral({ channel: "C0RANDOM0", user: "U0GUEST00", text: "x" }),
        "user_not_in_channel",
      ],
      [client.conversations.history({ channel: "C0RANDOM0" }), "not_in_channel"],
      [client.users.info({ user: "U0NOBODY0" }), "user_not_found"],
      [client.usergroups.users.list({ usergroup: "S0NOTHING" }), "no_such_subteam"],
      [client.apiCall("chat.whisper"), "unknown_method"],
    ];
    for (const [call, code] of cases) expect(await codeOf(call)).to.equal(code);
  });

  it("checks the token and its scopes", async () => {
    const { slack } = harness;
    expect(await codeOf(clientFor(slack, { token: "xoxb-other" }).auth.test())).to.equal("invalid_auth");
    const answer = await fetch(`${slack.apiUrl}auth.test`, { method: "POST" });
    expect(await answer.json()).to.deep.equal({ ok: false, error: "not_authed" });
    const narrow = await slackHarness({ scopes: ["chat:write"] });
    try {
      const missing = await refusal(narrow.client.users.list({}));
      expect(missing.data).to.include({
        error: "missing_scope",
        needed: "users:read",
        provided: "chat:write",
      });
      const elsewhere = narrow.client.chat.postMessage({ channel: "#random", text: "x" });
      expect(await codeOf(elsewhere)).to.equal("not_in_channel");
    } finally {
      await narrow.close();
    }
  });

  it("edits and deletes only what the app wrote", async () => {
    const { client, slack, app } = harness;
    app.answer = () => ({ body: JSON.stringify({ text: "for you" }) });
    await fetch(`${slack.url}/page/say`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: "U0MAYA000", channel, text: "a person's" }),
    });
    const [said] = slack.messages(channel);
    expect(said).to.include({ user: "U0MAYA000", fromApp: false });
    expect(await codeOf(client.chat.update({ channel, ts: said!.ts, text: "x" }))).to.equal(
      "cant_update_message",
    );
    expect(await codeOf(client.chat.delete({ channel, ts: said!.ts }))).to.equal("cant_delete_message");
    const mine = await client.chat.postMessage({ channel, text: "mine" });
    await client.chat.delete({ channel, ts: mine.ts! });
    expect(slack.messages(channel)).to.have.length(1);
  });

  it("shows an ephemeral message to one person and finds it for no method", async () => {
    const { client, slack } = harness;
    const { message_ts: ts } = await client.chat.postEphemeral({ channel, user: "U0LEE0000", text: "psst" });
    expect(slack.as("@lee").ephemerals(channel)).to.have.length(1);
    expect(slack.as("@maya").ephemerals(channel)).to.have.length(0);
    expect(slack.messages(channel)).to.have.length(0);
    expect(await codeOf(client.chat.update({ channel, ts: ts!, text: "x" }))).to.equal("message_not_found");
  });

  it("knows guests, deactivated people, strangers and groups", async () => {
    const { client } = harness;
    const user = async (id: string) => (await client.users.info({ user: id })).user;
    expect(await user("U0GUEST00")).to.include({ is_restricted: true, is_ultra_restricted: true });
    expect(await user("U0GONE000")).to.include({ deleted: true });
    expect(await user("U0STRANGE")).to.include({ team_id: "T0OTHER00", is_stranger: true });
    const { usergroups } = await client.usergroups.list({});
    expect(usergroups?.[0]).to.include({ id: "S0MLONCAL", handle: "ml-oncall" });
    const { users } = await client.usergroups.users.list({ usergroup: "S0MLONCAL" });
    expect(users).to.deep.equal(["U0MAYA000", "U0LEE0000"]);
    const { channels } = await client.conversations.list({ exclude_archived: true });
    expect(channels?.map(({ name }) => name)).to.deep.equal(["deploys", "random"]);
  });

  it("reacts once, and gives addresses that lead to the message", async () => {
    const { client } = harness;
    const { ts } = await client.chat.postMessage({ channel, text: "one" });
    const reaction = { channel, timestamp: ts!, name: "white_check_mark" };
    await client.reactions.add(reaction);
    expect(await codeOf(client.reactions.add(reaction))).to.equal("already_reacted");
    const { permalink } = await client.chat.getPermalink({ channel, message_ts: ts! });
    const page = await fetch(permalink ?? "");
    expect(page.url).to.contain(`channel=${channel}`);
    expect(await page.text()).to.contain(`id="channel-${ts}"`);
  });

  it("has its messages again after a restart, but not what was deleted", async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), "gantry-slack-"));
    try {
      const first = await slackHarness({ stateDirectory });
      const kept = await first.client.chat.postMessage({ channel, text: "kept" });
      const gone = await first.client.chat.postMessage({ channel, text: "gone" });
      await first.client.chat.update({ channel, ts: kept.ts!, text: "kept, edited" });
      await first.client.chat.delete({ channel, ts: gone.ts! });
      await first.close();
      const second = await slackHarness({ stateDirectory, clock: () => 1_000 });
      expect(second.slack.messages(channel).map(({ text }) => text)).to.deep.equal(["kept, edited"]);
      const next = await second.client.chat.postMessage({ channel, text: "next" });
      expect(Number(next.ts)).to.be.greaterThan(Number(kept.ts));
      await second.close();
    } finally {
      await rm(stateDirectory, { recursive: true, force: true });
    }
  });
});
