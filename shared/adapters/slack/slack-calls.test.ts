import { expect } from "chai";
import { HostileSlack } from "../../../test/support/hostile-slack.ts";
import type { AppError } from "../../ports/app-error.ts";
import type { ChatPort } from "../../ports/chat.ts";
import { createSlackChat } from "./slack-chat.ts";

const settings = { timeoutMs: 120, retries: 2, retryMs: 1, settleMs: 1, lookBackMs: 3_600_000 };
const clock = { now: () => Date.now(), sleep: async () => undefined };
const signal = new AbortController().signal;
const content = { text: "v1.8.0 is live.", blocks: [] };
const place = { channel: "C0DEPLOYS", ts: "1.000100" };

describe("createSlackChat()", () => {
  const slack = new HostileSlack();
  let chat: ChatPort;

  before(async () => {
    const apiUrl = await slack.start();
    chat = createSlackChat({ apiUrl, token: () => "xoxb-1", clock, settings });
  });
  after(() => slack.stop());
  beforeEach(() => slack.reset());

  it("edits a message again after a lost answer, since twice is as good as once", async () => {
    slack.next("chat.update", { kind: "reset", done: true }, { kind: "status", status: 503 });
    expect(await chat.update({ place, content, signal })).to.equal("updated");
    const calls = slack.calls("chat.update");
    expect(calls).to.have.length(3);
    expect(calls[0]?.args).to.deep.equal({ ...place, text: content.text, blocks: "[]" });
  });

  it("tells that a message is gone", async () => {
    for (const code of ["message_not_found", "cant_update_message"]) {
      slack.next("chat.update", { kind: "error", code });
      expect(await chat.update({ place, content, signal })).to.equal("gone");
    }
  });

  it("whispers to one person, and not twice", async () => {
    const whisper = { channel: "C0DEPLOYS", person: "U0LEE", thread: "1.1", content, signal };
    await chat.whisper(whisper);
    expect(slack.received[0]?.args).to.include({ user: "U0LEE", thread_ts: "1.1", text: content.text });
    slack.next("chat.postEphemeral", { kind: "reset", done: true });
    const error = await chat.whisper(whisper).catch((thrown: AppError) => thrown);
    expect(error).to.include({ code: "chat-unavailable" });
    expect(slack.calls("chat.postEphemeral")).to.have.length(2);
  });

  it("opens a dialog for a click, and says so when the click is too old", async () => {
    const view = { type: "modal" };
    await chat.openView({ triggerId: "1.2.3", view, signal });
    expect(slack.received[0]?.args).to.deep.equal({ trigger_id: "1.2.3", view: '{"type":"modal"}' });
    slack.next("views.open", { kind: "error", code: "expired_trigger_id" });
    const error = await chat.openView({ triggerId: "1.2.3", view, signal }).catch((thrown: Error) => thrown);
    expect(error).to.include({ code: "chat-refused", transient: false });
  });

  const user = { id: "U0LEE", name: "lee", team_id: "T1" };
  const people: readonly (readonly [string, object, object | null])[] = [
    ["a member", {}, { id: "U0LEE", name: "lee", kind: "member" }],
    ["a guest", { is_restricted: true }, { id: "U0LEE", name: "lee", kind: "guest" }],
    ["a guest of one channel", { is_ultra_restricted: true }, { id: "U0LEE", name: "lee", kind: "guest" }],
    [
      "a guest who left",
      { is_restricted: true, deleted: true },
      { id: "U0LEE", name: "lee", kind: "deactivated" },
    ],
    ["a bot", { is_bot: true }, { id: "U0LEE", name: "lee", kind: "bot" }],
    ["Slack's own bot", { id: "USLACKBOT" }, { id: "USLACKBOT", name: "lee", kind: "bot" }],
    ["somebody of another workspace", { team_id: "T2" }, null],
    ["a stranger", { is_stranger: true }, null],
    ["somebody without a workspace", { team_id: undefined }, null],
    [
      "somebody of the same organization who is in this workspace too",
      { team_id: "T2", enterprise_user: { teams: ["T1", "T2"] } },
      { id: "U0LEE", name: "lee", kind: "member" },
    ],
  ];
  for (const [name, fields, expected] of people) {
    it(`knows ${name}`, async () => {
      slack.answers.set("users.info", { user: { ...user, ...fields } });
      expect(await chat.person({ id: "U0LEE", signal })).to.deep.equal(expected);
    });
  }

  it("asks anew at each click who somebody is", async () => {
    slack.answers.set("users.info", { user });
    await chat.person({ id: "U0LEE", signal });
    slack.answers.set("users.info", { user: { ...user, deleted: true } });
    expect(await chat.person({ id: "U0LEE", signal })).to.have.property("kind", "deactivated");
  });

  it("knows nobody by an id that is none, or that Slack does not know", async () => {
    expect(await chat.person({ id: "lee&token=x", signal })).to.equal(null);
    expect(slack.calls("users.info")).to.have.length(0);
    slack.next("users.info", { kind: "error", code: "user_not_found" });
    expect(await chat.person({ id: "U0NOBODY", signal })).to.equal(null);
  });

  it("lists the people in a user group by its handle, as it is at that moment", async () => {
    const usergroups = [
      { id: "S0OLD", handle: "ml-oncall", date_delete: 1_700_000_000 },
      { id: "S0ML", handle: "ml-oncall", date_delete: 0 },
    ];
    slack.answers.set("usergroups.list", { usergroups });
    slack.answers.set("usergroups.users.list", { users: ["U0MAYA", "U0LEE"] });
    expect(await chat.groupMembers({ handle: "ml-oncall", signal })).to.deep.equal(["U0MAYA", "U0LEE"]);
    expect(slack.calls("usergroups.users.list")[0]?.args).to.include({ usergroup: "S0ML" });
    expect(await chat.groupMembers({ handle: "ml", signal })).to.equal(null);
    slack.next("usergroups.users.list", { kind: "error", code: "no_such_subteam" });
    expect(await chat.groupMembers({ handle: "ml-oncall", signal })).to.equal(null);
  });

  it("does not take what is no answer of Slack's for an empty group", async () => {
    slack.answers.set("usergroups.list", { usergroups: [{ id: "S0ML", handle: "ml-oncall" }] });
    slack.answers.set("usergroups.users.list", {});
    const error = await chat.groupMembers({ handle: "ml-oncall", signal }).catch((thrown: Error) => thrown);
    expect(error).to.include({ code: "chat-unavailable", transient: true });
  });
});
