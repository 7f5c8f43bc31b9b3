import { expect } from "chai";
import fc from "fast-check";
import { readSlack, readSlackSubject, type SlackRequest } from "./slack-payload.ts";

const expected = { teamIds: ["T0GANTRY"], appId: "A0GANTRY" };
const contentType = "application/x-www-form-urlencoded";
const bytes = (text: string) => new TextEncoder().encode(text);
const read = (fields: Readonly<Record<string, string>>, type: string | undefined = contentType) =>
  readSlack({ contentType: type, rawBody: bytes(new URLSearchParams(fields).toString()), expected });
const readPayload = (payload: unknown) => read({ payload: JSON.stringify(payload) });
const outcome = (request: SlackRequest) => (request.kind === "refused" ? request.why : request.kind);

const value = '{"v":1,"release":"r-20260105-ab12cd34","approval":"n0nce.5f"}';
const click = {
  type: "block_actions",
  api_app_id: "A0GANTRY",
  token: "of no use",
  user: { id: "U0LEE", username: "lee", name: "lee", team_id: "T0GANTRY" },
  team: { id: "T0GANTRY", domain: "perkie" },
  enterprise: null,
  is_enterprise_install: false,
  trigger_id: "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  response_url: "https://hooks.slack.com/actions/T0GANTRY/1/x",
  container: {
    type: "message",
    message_ts: "1767600000.000100",
    channel_id: "C0DEPLOYS",
    is_ephemeral: false,
  },
  channel: { id: "C0DEPLOYS", name: "deploys" },
  message: { type: "message", ts: "1767600000.000100", text: "…", blocks: [{ type: "divider" }] },
  state: { values: {} },
  actions: [{ type: "button", action_id: "approve", block_id: "b1", value, action_ts: "1767600005.123456" }],
};
const action = click.actions[0];
const submission = {
  type: "view_submission",
  api_app_id: "A0GANTRY",
  user: click.user,
  team: click.team,
  trigger_id: "1.2.3",
  view: {
    id: "V0REASON",
    app_id: "A0GANTRY",
    callback_id: "reject",
    private_metadata: value,
    hash: "1.x",
    state: {
      values: {
        why: { reason: { type: "plain_text_input", value: "p95 is too high" } },
        how: { kind: { type: "static_select", selected_option: { value: "slow" } } },
        more: { note: { type: "plain_text_input", value: null } },
      },
    },
  },
  response_urls: [],
};
const slash = {
  token: "of no use",
  team_id: "T0GANTRY",
  channel_id: "C0DEPLOYS",
  channel_name: "deploys",
  user_id: "U0LEE",
  user_name: "lee",
  command: "/gantry",
  text: "deploy v1.8.0",
  api_app_id: "A0GANTRY",
  trigger_id: "13345224609.738474920.8088930838d88f008e0",
};
const lee = { id: "U0LEE", name: "lee", teamId: "T0GANTRY" };

describe("readSlack()", () => {
  it("reads a click: who, where, which button, and what it means", () => {
    expect(readPayload(click)).to.deep.equal({
      kind: "action",
      dedupeKey: "slack/T0GANTRY/U0LEE/1767600005.123456/approve",
      actor: lee,
      actionId: "approve",
      blockId: "b1",
      subject: { release: "r-20260105-ab12cd34", approval: "n0nce.5f" },
      actionTs: "1767600005.123456",
      channel: "C0DEPLOYS",
      messageTs: "1767600000.000100",
      thread: null,
      triggerId: click.trigger_id,
    });
  });

  it("reads a click in a thread, and one in a message that only the person sees", () => {
    const message = { ts: "1767600001.000100", thread_ts: "1767600000.000100" };
    expect(readPayload({ ...click, message })).to.include({
      messageTs: "1767600001.000100",
      thread: "1767600000.000100",
    });
    const container = { ...click.container, is_ephemeral: true, thread_ts: "1767600000.000100" };
    const whispered = { ...click, container, message: undefined, channel: undefined };
    expect(readPayload(whispered)).to.include({
      channel: "C0DEPLOYS",
      messageTs: "1767600000.000100",
      thread: "1767600000.000100",
    });
  });

  it("reads a click on a link, and on a button of another version, as one that names nothing", () => {
    for (const other of [undefined, "", "approve", '{"v":2,"release":"r-20260105-ab12cd34"}', "[]", "null"]) {
      const actions = [{ ...action, value: other }];
      expect(readPayload({ ...click, actions })).to.deep.include({ kind: "action", subject: null });
    }
  });

  it("reads a submitted dialog", () => {
    expect(readPayload(submission)).to.deep.equal({
      kind: "view",
      dedupeKey: "slack/T0GANTRY/U0LEE/V0REASON/reject",
      actor: lee,
      viewId: "V0REASON",
      callbackId: "reject",
      privateMetadata: value,
      inputs: [
        { blockId: "why", actionId: "reason", value: "p95 is too high" },
        { blockId: "how", actionId: "kind", value: "slow" },
        { blockId: "more", actionId: "note", value: null },
      ],
      triggerId: "1.2.3",
    });
  });

  it("reads a slash command", () => {
    expect(read(slash, "application/x-www-form-urlencoded; charset=UTF-8")).to.deep.equal({
      kind: "command",
      dedupeKey: `slack/T0GANTRY/U0LEE/${slash.trigger_id}/gantry`,
      actor: lee,
      command: "/gantry",
      text: "deploy v1.8.0",
      channel: "C0DEPLOYS",
      triggerId: slash.trigger_id,
    });
  });

  const table: readonly (readonly [string, SlackRequest, string])[] = [
    ["a type that Gantry does not know", readPayload({ type: "shortcut" }), "ignored"],
    ["a dialog that was closed", readPayload({ ...submission, type: "view_closed" }), "ignored"],
    ["a form of another kind", read({ hello: "world" }), "ignored"],
    ["the check of the certificate", read({ ssl_check: "1", token: "x" }), "ignored"],
    [
      "a click in a dialog",
      readPayload({ ...click, container: { type: "view" }, channel: null, message: null }),
      "ignored",
    ],
    ["another app's click", readPayload({ ...click, api_app_id: "A0OTHER" }), "other-app"],
    [
      "another app's dialog",
      readPayload({ ...submission, view: { ...submission.view, app_id: "A0OTHER" } }),
      "other-app",
    ],
    ["another app's command", read({ ...slash, api_app_id: "A0OTHER" }), "other-app"],
    ["a click in another workspace", readPayload({ ...click, team: { id: "T0OTHER" } }), "other-workspace"],
    [
      "a click of a stranger in a shared channel",
      readPayload({ ...click, user: { ...click.user, team_id: "T0OTHER" } }),
      "other-workspace",
    ],
    [
      "a dialog of a stranger",
      readPayload({ ...submission, user: { ...click.user, team_id: "T0OTHER" } }),
      "other-workspace",
    ],
    ["a command of a stranger", read({ ...slash, team_id: "T0OTHER" }), "other-workspace"],
    [
      "a click without any workspace",
      readPayload({ ...click, team: null, user: { id: "U0LEE" } }),
      "other-workspace",
    ],
    ["a click by an app of the whole organization", readPayload({ ...click, team: null }), "action"],
    ["a click that does not name its app", readPayload({ ...click, api_app_id: undefined }), "malformed"],
    ["a command that does not name its app", read({ ...slash, api_app_id: "" }), "malformed"],
    ["a click without a button", readPayload({ ...click, actions: [] }), "malformed"],
    ["a click on two buttons", readPayload({ ...click, actions: [action, action] }), "malformed"],
    [
      "a value that is too long",
      readPayload({ ...click, actions: [{ ...action, value: "x".repeat(2001) }] }),
      "malformed",
    ],
    ["an id with a slash", readPayload({ ...click, user: { ...click.user, id: "U/../U" } }), "malformed"],
    ["a payload that is no JSON", read({ payload: "{" }), "malformed"],
    ["a payload that is no object", read({ payload: "[]" }), "malformed"],
    ["no payload", readPayload(null), "malformed"],
    [
      "JSON instead of a form",
      readSlack({ contentType: "application/json", rawBody: bytes("{}"), expected }),
      "malformed",
    ],
    ["no content type", readSlack({ contentType: undefined, rawBody: bytes("a=b"), expected }), "malformed"],
    [
      "bytes that are no text",
      readSlack({ contentType, rawBody: new Uint8Array([0xff]), expected }),
      "malformed",
    ],
    [
      "two payloads",
      readSlack({ contentType, rawBody: bytes("payload=%7B%7D&payload=%7B%7D"), expected }),
      "malformed",
    ],
  ];
  for (const [name, request, what] of table) {
    it(`answers "${what}" to: ${name}`, () => {
      expect(outcome(request)).to.equal(what);
    });
  }

  it("says who was refused and where, so that it can be told and written down", () => {
    const refused = readPayload({ ...click, user: { ...click.user, team_id: "T0OTHER" } });
    expect(refused).to.deep.include({ actor: { ...lee, teamId: "T0OTHER" }, channel: "C0DEPLOYS" });
  });

  it("gives each click its own key, and a repeated delivery the same one", () => {
    const keyOf = (payload: unknown) => (readPayload(payload) as { dedupeKey: string }).dedupeKey;
    const others = [
      { ...click, user: { ...click.user, id: "U0MAYA" } },
      { ...click, actions: [{ ...action, action_ts: "1767600005.123457" }] },
      { ...click, actions: [{ ...action, action_id: "reject" }] },
      submission,
    ];
    expect(keyOf(click)).to.equal(keyOf(structuredClone(click)));
    expect(new Set([click, ...others].map(keyOf)).size).to.equal(5);
  });

  it("never throws, whatever is signed", () => {
    const anything = fc.oneof(fc.json(), fc.string());
    fc.assert(
      fc.property(anything, fc.uint8Array({ maxLength: 100 }), (payload, rawBody) => {
        expect(outcome(read({ payload }))).to.be.oneOf(["malformed", "ignored"]);
        expect(outcome(readSlack({ contentType, rawBody, expected }))).to.be.oneOf(["malformed", "ignored"]);
      }),
    );
  });
});

describe("readSlackSubject()", () => {
  it("takes a release with or without an approval, and nothing that could not be ours", () => {
    const release = "r-20260105-ab12cd34";
    expect(readSlackSubject(value)).to.deep.equal({ release, approval: "n0nce.5f" });
    expect(readSlackSubject(JSON.stringify({ v: 1, release, approval: null }))).to.deep.equal({
      release,
      approval: null,
    });
    expect(readSlackSubject(JSON.stringify({ v: 1, release }))).to.deep.equal({ release, approval: null });
    for (const wrong of [
      { v: 1, release: "../x" },
      { v: "1", release },
      { v: 1, release, approval: "a b" },
      { v: 1 },
    ]) {
      expect(readSlackSubject(JSON.stringify(wrong)), JSON.stringify(wrong)).to.equal(null);
    }
  });
});
