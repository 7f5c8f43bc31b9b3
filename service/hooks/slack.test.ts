import { createHmac } from "node:crypto";
import { expect } from "chai";
import { chatActions } from "../../shared/domain/chat-buttons.ts";
import { rejectModal } from "../../shared/domain/decision-reply.ts";
import type { Bus, OutgoingMessage } from "../../shared/ports/bus.ts";
import { commitOf, monday, releaseRecord } from "../../test/support/fixtures.ts";
import { RecordingChat, refused, unavailable } from "../../test/support/recording-chat.ts";
import { jsonOf, serviceHarness } from "../../test/support/service-harness.ts";

const path = "/hooks/slack";
const secret = "8f742231b10e8888abcd99yyyzzz85a5";
const older = "the signing secret before";
const seconds = monday / 1000;

const user = { id: "U0LEE", username: "lee", name: "lee", team_id: "T0GANTRY" };
const place = { channel: "C0DEPLOYS", thread: null };
const lee = { id: "U0LEE", name: "lee", team: "T0GANTRY" };

function button(action: string, changes: Readonly<Record<string, unknown>> = {}) {
  const value = JSON.stringify({ v: 1, release: "release-1", approval: "approval-1" });
  return {
    type: "block_actions",
    api_app_id: "A0GANTRY",
    user,
    team: { id: "T0GANTRY" },
    trigger_id: "13345224609.738474920.8088930838d88f008e0",
    container: { type: "message", message_ts: "1767600000.000100", channel_id: "C0DEPLOYS" },
    channel: { id: "C0DEPLOYS" },
    message: { ts: "1767600000.000100", thread_ts: "1767600000.000100" },
    actions: [{ type: "button", action_id: action, block_id: "b1", value, action_ts: "1767600005.123456" }],
    ...changes,
  };
}

function submission(metadata: string, reason = "p95 is too high", callback: string = rejectModal.callback) {
  const view = {
    id: "V0REASON",
    app_id: "A0GANTRY",
    callback_id: callback,
    private_metadata: metadata,
    state: {
      values: { [rejectModal.block]: { [rejectModal.action]: { type: "plain_text_input", value: reason } } },
    },
  };
  return {
    type: "view_submission",
    api_app_id: "A0GANTRY",
    user,
    team: { id: "T0GANTRY" },
    trigger_id: "1.2.3",
    view,
  };
}

const slash = {
  team_id: "T0GANTRY",
  channel_id: "C0DEPLOYS",
  user_id: "U0LEE",
  user_name: "lee",
  command: "/gantry",
  text: "deploy v1.8.0",
  api_app_id: "A0GANTRY",
  trigger_id: "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
};

type Signing = Readonly<{
  secret?: string;
  at?: number;
  signature?: string;
  headers?: Record<string, string>;
}>;

function signed(body: string, { secret: by = secret, at = seconds, signature, headers = {} }: Signing = {}) {
  const hex = createHmac("sha256", by).update(`v0:${at}:${body}`).digest("hex");
  return {
    method: "POST",
    body,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": `${at}`,
      "x-slack-signature": signature ?? `v0=${hex}`,
      ...headers,
    },
  };
}

const form = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString();
const payload = (what: unknown) => form({ payload: JSON.stringify(what) });

/** The HTTP process before a bus that keeps one message per id, as the embedded one does, and a chat that opens dialogs. */
async function harness(changes: Readonly<{ publish?: Bus["publish"] }> = {}) {
  const published: OutgoingMessage[] = [];
  const chat = new RecordingChat();
  const publish: Bus["publish"] = async (messages) => {
    const isNew = ({ topic, id }: OutgoingMessage) =>
      !published.some((known) => known.topic === topic && known.id === id);
    published.push(...messages.filter(isNew));
  };
  const bus: Bus = {
    publish: changes.publish ?? publish,
    deadLetters: async () => [],
    replayDeadLetter: async () => false,
  };
  const made = serviceHarness({
    bus,
    slack: {
      signingSecrets: [secret, older],
      teamIds: ["T0GANTRY"],
      appId: "A0GANTRY",
      openView: (view) => chat.openView(view),
    },
  });
  await made.store.commit(commitOf({ releases: [releaseRecord()] }));
  const send = async (body: string, signing?: Signing) => made.app.request(path, signed(body, signing));
  const clicks = () => published.map(({ data }) => Object(data).click as unknown);
  return { ...made, published, clicks, chat, send };
}

describe("POST /hooks/slack", () => {
  const ok = payload(button(chatActions.approve));
  const unsigned: readonly (readonly [string, Signing, string])[] = [
    ["without a signature", { signature: "" }, "signature-missing"],
    ["without a time", { headers: { "x-slack-request-timestamp": "" } }, "timestamp-missing"],
    ["with a time that is none", { headers: { "x-slack-request-timestamp": "soon" } }, "timestamp-invalid"],
    ["that is older than five minutes", { at: seconds - 301 }, "timestamp-stale"],
    ["that comes from the future", { at: seconds + 301 }, "timestamp-ahead"],
    ["signed with another secret", { secret: "another" }, "signature-invalid"],
    ["signed in another version", { signature: `v1=${"0".repeat(64)}` }, "signature-invalid"],
    [
      "signed for other bytes",
      { signature: signed("payload={}").headers["x-slack-signature"] },
      "signature-invalid",
    ],
    [
      "signed for another second",
      { headers: { "x-slack-request-timestamp": `${seconds - 1}` } },
      "signature-invalid",
    ],
  ];
  for (const [what, signing, reason] of unsigned)
    it(`refuses a request ${what}, and hands nothing on`, async () => {
      const { send, published, chat, lines } = await harness();
      const answer = await send(ok, signing);
      expect(answer.status).to.equal(401);
      expect(await jsonOf(answer)).to.include({
        code: "signature-invalid",
        detail: `The request is not signed by this Slack app: ${reason}.`,
      });
      expect(published).to.deep.equal([]);
      expect(chat.calls).to.deep.equal([]);
      expect(lines.at(-1)).to.include({ status: 401, slack: "unsigned", reason });
    });

  it("refuses what was signed in time and is sent again when its five minutes are over", async () => {
    const { send, published, clock } = await harness();
    expect((await send(ok)).status).to.equal(200);
    await clock.advance(301_000);
    expect((await send(ok)).status).to.equal(401);
    expect(published).to.have.length(1);
  });

  it("takes the secret before this one while it is being replaced, and both edges of the window", async () => {
    const { send } = await harness();
    expect((await send(ok, { secret: older })).status).to.equal(200);
    expect((await send(ok, { at: seconds - 300 })).status).to.equal(200);
    expect((await send(ok, { at: seconds + 300 })).status).to.equal(200);
  });

  const decisions = {
    approve: "approve",
    pause: "pause",
    resume: "resume",
    promote: "promote",
    rollBack: "roll-back",
  } as const;
  for (const [name, decision] of Object.entries(decisions) as [keyof typeof decisions, string][])
    it(`hands on a click on ${name}, once however often it is sent`, async () => {
      const { send, published } = await harness();
      const body = payload(button(chatActions[name]));
      for (const at of [seconds, seconds, seconds + 1])
        expect((await send(body, { at })).status).to.equal(200);
      const key = `slack/T0GANTRY/U0LEE/1767600005.123456/${chatActions[name]}`;
      const click = { kind: "decision", decision, release: "release-1", approval: "approval-1", reason: "" };
      expect(published).to.deep.equal([
        {
          topic: "gantry-commands",
          id: key,
          data: { key, click: { ...click, user: lee, ...place } },
          attributes: {},
        },
      ]);
    });

  it("tells a second click of the same person from the first one", async () => {
    const { send, published } = await harness();
    const [action] = button(chatActions.approve).actions;
    await send(ok);
    await send(
      payload(button(chatActions.approve, { actions: [{ ...action, action_ts: "1767600005.999999" }] })),
    );
    expect(published).to.have.length(2);
  });

  it("answers where it was clicked: in the channel below a root, in the thread below a reply", async () => {
    const { send, clicks } = await harness();
    const message = { ts: "1767600001.000100", thread_ts: "1767600000.000100" };
    await send(payload(button(chatActions.pause)));
    await send(payload(button(chatActions.resume, { message })));
    expect(clicks().map((click) => Object(click).thread)).to.deep.equal([null, "1767600000.000100"]);
  });

  it("hands nothing on that is no button of Gantry's, a link, or names no release", async () => {
    const { send, published } = await harness();
    const [action] = button(chatActions.approve).actions;
    for (const what of [
      button("somebody.elses"),
      button(chatActions.console),
      button(chatActions.approve, { actions: [{ ...action, value: "{}" }] }),
      { type: "view_closed" },
      { type: "shortcut" },
    ])
      expect((await send(payload(what))).status).to.equal(200);
    expect(published).to.deep.equal([]);
  });

  it("answers while nobody takes the click from the bus, and without asking the chat", async () => {
    const { send, chat } = await harness();
    chat.fail("person", unavailable());
    expect((await send(ok)).status).to.equal(200);
    expect(chat.calls).to.deep.equal([]);
  });

  it("says that it is unavailable, so that Slack shows it, where the click cannot be kept", async () => {
    const { send } = await harness({ publish: async () => Promise.reject(unavailable()) });
    expect((await send(ok)).status).to.equal(503);
  });

  it("is not there in a Gantry without Slack", async () => {
    const { app } = serviceHarness();
    expect((await app.request(path, signed(ok))).status).to.equal(404);
  });

  it("notes what came in the log of the request, and no word of its body", async () => {
    const { send, lines } = await harness();
    await send(ok);
    expect(lines.at(-1)).to.include({ slack: "action", status: 200 });
    expect(JSON.stringify(lines)).to.not.include("approval-1");
  });
});

describe("a rejection through Slack", () => {
  const click = payload(button(chatActions.reject));

  it("asks why in a dialog, and decides when that is sent, once", async () => {
    const { send, chat, published } = await harness();
    expect((await send(click)).status).to.equal(200);
    expect(published).to.deep.equal([]);
    expect(chat.calls).to.deep.equal(["openView 13345224609.738474920.8088930838d88f008e0"]);
    const [view] = chat.views;
    expect(view).to.include({ type: "modal", callback_id: rejectModal.callback });
    const body = payload(submission(String(view?.["private_metadata"])));
    for (const at of [seconds, seconds + 1]) {
      const answer = await send(body, { at });
      expect([answer.status, await answer.text()]).to.deep.equal([200, ""]); // the dialog closes
    }
    const key = `slack/T0GANTRY/U0LEE/V0REASON/${rejectModal.callback}`;
    const decision = { kind: "decision", decision: "reject", release: "release-1", approval: "approval-1" };
    expect(published.map(({ id, data }) => ({ id, data }))).to.deep.equal([
      { id: key, data: { key, click: { ...decision, reason: "p95 is too high", user: lee, ...place } } },
    ]);
  });

  for (const [what, error] of [
    ["fails", unavailable()],
    ["takes too long", new DOMException("The operation was aborted due to timeout", "TimeoutError")],
    ["is refused, the click being too old", refused("expired_trigger_id")],
    ["breaks in a way that nobody knows", new TypeError("x is not a function")],
  ] as const)
    it(`takes the click and has the clicker told when the dialog ${what}`, async () => {
      const { send, chat, published, lines } = await harness();
      chat.fail("openView", error);
      const answer = await send(click);
      expect([answer.status, await answer.text()]).to.deep.equal([200, ""]);
      const key = `slack/T0GANTRY/U0LEE/1767600005.123456/${chatActions.reject}/unasked`;
      const told = { kind: "unasked", release: "release-1", user: lee, ...place };
      expect(published.map(({ id, data }) => ({ id, data }))).to.deep.equal([
        { id: key, data: { key, click: told } },
      ]);
      expect(lines.find(({ level }) => level === "warn")).to.include({ release: "release-1", user: "U0LEE" });
    });

  it("is no failure where the dialog is open already, because Slack sent the click twice", async () => {
    const { send, chat, published } = await harness();
    await send(click);
    chat.fail("openView", refused("exchanged_trigger_id"));
    expect((await send(click, { at: seconds + 1 })).status).to.equal(200);
    expect(published).to.deep.equal([]);
  });

  it("gives the dialog a limit well inside the three seconds", async () => {
    const limits: AbortSignal[] = [];
    const made = await harness();
    made.chat.openView = async ({ signal }) => {
      limits.push(signal);
    };
    await made.send(click);
    expect(limits.map(({ aborted }) => aborted)).to.deep.equal([false]);
  });

  it("opens nothing for a release that there is not, and without a trigger", async () => {
    const { send, chat } = await harness();
    const [action] = button(chatActions.reject).actions;
    const value = JSON.stringify({ v: 1, release: "release-9", approval: null });
    await send(payload(button(chatActions.reject, { actions: [{ ...action, value }] })));
    await send(payload(button(chatActions.reject, { trigger_id: undefined })));
    expect(chat.calls).to.deep.equal([]);
  });

  it("hands nothing on of a dialog that is not Gantry's", async () => {
    const { send, published } = await harness();
    await send(payload(submission("{}")));
    await send(payload(submission("not even JSON")));
    const metadata = JSON.stringify({ v: 1, release: "release-1", approval: "a", channel: "C", ts: "1" });
    await send(payload(submission(metadata, "why", "somebody.elses")));
    expect(published).to.deep.equal([]);
  });
});

describe("what else comes through Slack's door", () => {
  it("hands on a slash command, once however often it is sent", async () => {
    const { send, published } = await harness();
    for (const at of [seconds, seconds + 1]) {
      const answer = await send(form(slash), { at });
      expect([answer.status, await answer.text()]).to.deep.equal([200, ""]); // nothing that the channel sees
    }
    const key = `slack/T0GANTRY/U0LEE/${slash.trigger_id}/gantry`;
    expect(published.map(({ id, data }) => ({ id, data }))).to.deep.equal([
      { id: key, data: { key, click: { kind: "command", text: "deploy v1.8.0", user: lee, ...place } } },
    ]);
  });

  it("answers the check of its certificate", async () => {
    const { send, published } = await harness();
    expect((await send(form({ ssl_check: "1", token: "x" }))).status).to.equal(200);
    expect(published).to.deep.equal([]);
  });

  const strangers: readonly (readonly [string, string, unknown])[] = [
    ["another app", "other-app", button(chatActions.approve, { api_app_id: "A0OTHER" })],
    [
      "another workspace",
      "other-workspace",
      button(chatActions.approve, { user: { ...user, team_id: "T0OTHER" } }),
    ],
    [
      "another workspace's channel",
      "other-workspace",
      button(chatActions.approve, { team: { id: "T0OTHER" } }),
    ],
  ];
  for (const [what, why, body] of strangers)
    it(`decides nothing for a click through ${what}, logs who it was, and has them told once`, async () => {
      const { send, published, clicks, lines } = await harness();
      for (let turn = 0; turn < 2; turn += 1) expect((await send(payload(body))).status).to.equal(200);
      expect(published).to.have.length(1);
      expect(clicks()[0]).to.deep.include({ kind: "stranger", why, channel: "C0DEPLOYS" });
      expect(clicks()[0]).to.deep.include({ wanted: { release: "release-1", decision: "approve" } });
      expect(lines.find(({ level }) => level === "warn")).to.include({ why, user: "U0LEE" });
    });

  it("refuses a slash command of another workspace", async () => {
    const { send, clicks } = await harness();
    await send(form({ ...slash, team_id: "T0OTHER" }));
    expect(clicks()[0]).to.deep.include({ kind: "stranger", why: "other-workspace", wanted: null });
  });

  it("hands on what a stranger wanted of a release, and nothing of a button that decides nothing", async () => {
    const { send, clicks } = await harness();
    const other = { user: { ...user, team_id: "T0OTHER" } };
    await send(payload(button(chatActions.reject, other)));
    await send(payload(button(chatActions.console, other)));
    expect(clicks().map((click) => Object(click).wanted as unknown)).to.deep.equal([
      { release: "release-1", decision: "reject" },
      null,
    ]);
  });

  for (const [what, body] of [
    ["no JSON", "payload={"],
    ["JSON of no object", "payload=1"],
    ["a click without an action", payload(button(chatActions.approve, { actions: [] }))],
    ["the same field twice", "payload={}&payload={}"],
    ["bytes that are no text", "payload=%FF%FE"],
    ["a slash command without a person", form({ command: "/gantry" })],
    ["what JavaScript calls its own", payload({ __proto__: null, type: "constructor", toString: 1 })],
  ] as const)
    it(`decides nothing on ${what}`, async () => {
      const { send, published } = await harness();
      expect((await send(body)).status).to.be.oneOf([200, 400]);
      expect(published).to.deep.equal([]);
    });

  it("refuses a body of more than 1 MiB before it looks at it", async () => {
    const { send, published } = await harness();
    expect((await send(`payload=${"x".repeat(1_048_576)}`)).status).to.equal(413);
    expect(published).to.deep.equal([]);
  });

  it("answers nothing but POST", async () => {
    const { app } = await harness();
    expect((await app.request(path)).status).to.equal(405);
  });
});
