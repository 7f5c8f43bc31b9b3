import { expect } from "chai";
import { clientFor, refusal, slackHarness } from "./testing/slack-harness.ts";

const channel = "C0DEPLOYS";

describe("Faults of the local Slack's Web API", () => {
  let harness: Awaited<ReturnType<typeof slackHarness>>;

  beforeEach(async () => {
    harness = await slackHarness();
  });

  afterEach(() => harness.close());

  const post = (text: string) => harness.client.chat.postMessage({ channel, text });
  const overHttp = (path: string, init: RequestInit) =>
    fetch(`${harness.slack.url}/_cloud/slack/faults${path}`, init);

  it("down: answers 503 until it is cleared", async () => {
    const { slack } = harness;
    slack.faults.set("down");
    expect(await refusal(post("lost"))).to.include({ code: "slack_webapi_http_error", statusCode: 503 });
    slack.faults.clear("down");
    await post("said");
    expect(slack.messages(channel)).to.have.length(1);
  });

  it("rate-limited: says how long to wait, and the client waits", async () => {
    const { slack } = harness;
    slack.faults.set("rate-limited", { retryAfterSeconds: 30 });
    const answer = await fetch(`${slack.apiUrl}auth.test`);
    expect([answer.status, answer.headers.get("retry-after")]).to.deep.equal([429, "30"]);
    expect(await answer.json()).to.deep.equal({ ok: false, error: "ratelimited" });
    slack.faults.set("rate-limited", { retryAfterSeconds: 0 });
    await post("after a pause");
    expect(slack.messages(channel)).to.have.length(1);
  });

  it("one-message-a-second: holds to it for each channel", async () => {
    const { slack } = harness;
    slack.faults.set("one-message-a-second");
    const send = (to: string) =>
      fetch(`${slack.apiUrl}chat.postMessage?channel=${to}&text=x`, {
        headers: { authorization: "Bearer xoxb-local" },
      });
    const answers = [await send(channel), await send("%23deploys"), await send("C0RANDOM0")];
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 429, 200]);
    expect(answers[1]?.headers.get("retry-after")).to.equal("1");
  });

  it("slow: answers late, and the client gives up", async () => {
    const { slack, client } = harness;
    slack.faults.set("slow", { ms: 400 });
    const impatient = clientFor(slack, { timeout: 200 });
    expect(await refusal(impatient.auth.test())).to.include({ code: "slack_webapi_request_error" });
    slack.faults.set("slow", { ms: 1 });
    expect(await client.auth.test()).to.include({ ok: true });
  });

  it("reply-lost: the message is there, the answer never comes", async () => {
    const { slack } = harness;
    slack.faults.set("reply-lost", { count: 2 });
    const impatient = clientFor(slack, { timeout: 200 });
    expect(await refusal(impatient.chat.postMessage({ channel, text: "once?" }))).to.include({
      code: "slack_webapi_request_error",
    });
    expect(slack.messages(channel), "the client's own retry posted again").to.have.length(2);
  });

  it("channel-archived and bot-removed: refuse as such channels do", async () => {
    const { slack, client } = harness;
    const { ts = "" } = await post("before");
    const codes = async () => [
      (await refusal(post("x"))).data?.["error"],
      (await refusal(client.chat.update({ channel, ts, text: "x" }))).data?.["error"],
    ];
    slack.faults.set("channel-archived");
    expect(await codes()).to.deep.equal(["is_archived", "is_archived"]);
    expect((await client.conversations.info({ channel })).channel).to.include({ is_archived: true });
    slack.faults.clear();
    slack.faults.set("bot-removed");
    expect(await codes()).to.deep.equal(["not_in_channel", "not_in_channel"]);
    expect((await client.conversations.info({ channel })).channel).to.include({ is_member: false });
  });

  it("are switched over HTTP, but not by pages of other sites", async () => {
    const { slack } = harness;
    const json = { "content-type": "application/json" };
    const set = (body: object, headers: Record<string, string> = {}) =>
      overHttp("", { method: "POST", body: JSON.stringify(body), headers: { ...json, ...headers } });
    expect((await set({ name: "rate-limited", retryAfterSeconds: 2, count: 3 })).status).to.equal(200);
    expect(slack.faults.list()).to.deep.equal({ "rate-limited": { count: 3, ms: 2000 } });
    expect(await (await overHttp("", { method: "GET" })).json()).to.have.property("names");
    expect((await set({ name: "tired" })).status).to.equal(400);
    expect((await set({ name: "slow", ms: -1 })).status).to.equal(400);
    expect((await set({ name: "down" }, { origin: "http://evil.example" })).status).to.equal(403);
    await overHttp("?name=rate-limited", { method: "DELETE" });
    expect(slack.faults.list()).to.deep.equal({});
  });
});
