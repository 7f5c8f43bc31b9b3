import { expect } from "chai";
import { HostileSlack, type Mishap } from "../../../test/support/hostile-slack.ts";
import { AppError } from "../../ports/app-error.ts";
import type { ChatPort, ChatPost } from "../../ports/chat.ts";
import { createSlackChat } from "./slack-chat.ts";

const settings = { timeoutMs: 120, retries: 2, retryMs: 1, settleMs: 1, lookBackMs: 3_600_000 };
const clock = { now: () => Date.now(), sleep: async () => undefined };
const signal = new AbortController().signal;
const content = { text: "v1.8.0 waits for a yes.", blocks: [{ type: "divider" }] };

const lost: Readonly<Record<string, (done: boolean) => Mishap>> = {
  "connection reset": (done) => ({ kind: "reset", done }),
  "answer cut off": (done) => ({ kind: "cut", done }),
  "HTTP 503": (done) => ({ kind: "status", status: 503, done }),
  "a proxy's page": (done) => ({ kind: "text", text: "<html>Sign in</html>", done }),
  "an empty answer": (done) => ({ kind: "text", text: "", done }),
  "no object": (done) => ({ kind: "text", text: "null", done }),
  "ok without the id": (done) => ({ kind: "text", text: '{"ok":true}', done }),
};

describe("createSlackChat()", () => {
  const slack = new HostileSlack();
  let chat: ChatPort;
  let token = "xoxb-1";

  before(async () => {
    const apiUrl = await slack.start();
    chat = createSlackChat({ apiUrl, token: () => token, clock, settings });
  });
  after(() => slack.stop());
  beforeEach(() => slack.reset());

  const toPost = { channel: "#deploys", thread: null, broadcast: false, key: "r-1/root", content, signal };
  const post = (rest: Partial<ChatPost> = {}) => chat.post({ ...toPost, triedSince: null, ...rest });
  const posts = () => slack.calls("chat.postMessage").length;

  it("posts a message under its key, without unfurling its links, and looks for nothing the first time", async () => {
    const place = await post();
    expect(place).to.deep.equal({ channel: "C0DEPLOYS", ts: slack.messages[0]?.ts });
    expect(slack.received).to.have.length(1);
    expect(slack.received[0]?.token).to.equal("Bearer xoxb-1");
    expect(slack.received[0]?.args).to.deep.equal({
      channel: "#deploys",
      text: content.text,
      blocks: '[{"type":"divider"}]',
      metadata: '{"event_type":"gantry_message","event_payload":{"key":"r-1/root"}}',
      unfurl_links: "false",
      unfurl_media: "false",
    });
  });

  it("answers in a thread, and shows that in the channel where asked", async () => {
    await post({ thread: "17.1", broadcast: true });
    expect(slack.received[0]?.args).to.include({ thread_ts: "17.1", reply_broadcast: "true" });
  });

  for (const [name, mishap] of Object.entries(lost)) {
    it(`finds a message again whose answer was lost: ${name}`, async () => {
      slack.next("chat.postMessage", mishap(true));
      const place = await post();
      expect(place).to.deep.equal({ channel: "C0DEPLOYS", ts: slack.messages[0]?.ts });
      expect(slack.messages).to.have.length(1);
      expect(posts()).to.equal(1);
    });

    it(`posts again what was lost on the way: ${name}`, async () => {
      slack.next("chat.postMessage", mishap(false));
      await post();
      expect(slack.messages).to.have.length(1);
      expect(posts()).to.equal(2);
    });
  }

  it("finds a lost answer in a thread again", async () => {
    const root = slack.place({});
    slack.next("chat.postMessage", { kind: "reset", done: true });
    const place = await post({ thread: root, key: "r-1/story/2" });
    expect(slack.messages.map(({ ts }) => ts)).to.deep.equal([root, place.ts]);
  });

  it("does not post again while Slack may be at it still, but looks once", async () => {
    slack.next("chat.postMessage", { kind: "silence", done: false });
    const error = await failureOf(post());
    expect(error).to.include({ code: "chat-unavailable", transient: true });
    expect(error.context).to.include({ done: "late", error: "timeout" });
    expect(posts()).to.equal(1);
    expect(slack.calls("conversations.history")).to.have.length(1);
  });

  it("finds at a later try what an earlier one posted, on whatever page it stands", async () => {
    for (let count = 0; count < 5; count += 1) slack.place({ user: "U0OTHER" });
    const first = await post();
    for (let count = 0; count < 5; count += 1) slack.place({ user: "U0OTHER" });
    expect(await post({ triedSince: Date.now() - 1000 })).to.deep.equal(first);
    expect(await chat.post(toPost)).to.deep.equal(first);
    expect(posts()).to.equal(1);
  });

  it("does not take another app's message with the same key for its own", async () => {
    const metadata = { event_type: "gantry_message", event_payload: { key: "r-1/root" } };
    slack.place({ metadata, user: "U0OTHER" });
    await post({ triedSince: Date.now() });
    expect(posts()).to.equal(1);
  });

  it("posts nothing when it cannot look for what may be there", async () => {
    slack.next("conversations.history", {
      kind: "error",
      code: "missing_scope",
      more: { needed: "channels:history" },
    });
    const error = await failureOf(post({ triedSince: Date.now() }));
    expect(error).to.include({ code: "chat-refused", transient: false });
    expect(error.message).to.include("channels:history");
    expect(posts()).to.equal(0);
  });

  it("gives up after two more tries", async () => {
    const down: Mishap = { kind: "status", status: 500 };
    slack.next("chat.postMessage", down, down, down, down);
    const error = await failureOf(post());
    expect(error).to.include({ code: "chat-unavailable", transient: true });
    expect(posts()).to.equal(3);
  });

  it("says how long to wait, at once, when Slack limits the rate", async () => {
    const limited: readonly (readonly [Mishap, number])[] = [
      [{ kind: "status", status: 429, headers: { "retry-after": "7" } }, 7000],
      [{ kind: "status", status: 429, headers: { "retry-after": "0" } }, 1000],
      [{ kind: "status", status: 429 }, 30_000],
      [{ kind: "status", status: 429, headers: { "retry-after": "soon" } }, 30_000],
      [{ kind: "error", code: "ratelimited" }, 30_000],
    ];
    for (const [mishap, retryAfterMs] of limited) {
      slack.reset();
      slack.next("chat.postMessage", mishap);
      const error = await failureOf(post());
      expect(error).to.include({ code: "chat-unavailable", transient: true });
      expect(error.context).to.include({ retryAfterMs, done: "no" });
      expect(slack.received).to.have.length(1);
    }
  });

  it("says of each refusal what a person has to do, and tries none again", async () => {
    const codes = ["channel_not_found", "is_archived", "not_in_channel", "account_inactive", "invalid_auth"];
    for (const code of [...codes, "token_revoked", "missing_scope"]) {
      slack.reset();
      slack.next("chat.postMessage", { kind: "error", code });
      const error = await failureOf(post());
      expect(error, code).to.include({ code: "chat-refused", transient: false });
      expect(error.context).to.include({ error: code, method: "chat.postMessage", channel: "#deploys" });
      expect(error.message, code)
        .to.match(/^[A-Z].*\. .*\.$|^[A-Z].*\.$/)
        .and.not.include("mistake");
      expect(slack.received).to.have.length(1);
    }
  });

  it("owns up to its own mistakes, with what Slack says of them", async () => {
    for (const code of ["msg_too_long", "invalid_blocks", "something_new"]) {
      const more = {
        response_metadata: { messages: ["[ERROR] must be less than 3001 [json-pointer:/blocks/0]"] },
      };
      slack.next("chat.postMessage", { kind: "error", code, more });
      const error = await failureOf(post());
      expect(error).to.include({ code: "chat-refused", transient: false });
      expect(error.message).to.include(code).and.include("mistake in Gantry");
      expect(error.context["detail"]).to.include("/blocks/0");
    }
  });

  it("takes an address that nobody listens at for a Slack that is down, and posts nothing twice", async () => {
    const nowhere = createSlackChat({ apiUrl: "http://127.0.0.1:1/", token: () => token, clock, settings });
    const place = { channel: "C0DEPLOYS", ts: "1.1" };
    const error = await failureOf(nowhere.update({ place, content, signal }));
    expect(error).to.include({ code: "chat-unavailable", transient: true });
  });

  it("takes the token that counts now", async () => {
    token = "xoxb-2";
    await post();
    token = "xoxb-1";
    expect(slack.received[0]?.token).to.equal("Bearer xoxb-2");
  });

  it("stops at once when it is called off", async () => {
    const controller = new AbortController();
    slack.next("chat.postMessage", { kind: "silence", done: false });
    setTimeout(() => controller.abort(new Error("the lease ran out")), 10);
    const error = await failureOf(post({ signal: controller.signal }));
    expect(error).to.include({ code: "chat-unavailable", transient: true });
    expect(error.context).to.include({ error: "called-off", done: "late" });
    expect(slack.received).to.have.length(1);
  });
});

async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it succeeded");
}
