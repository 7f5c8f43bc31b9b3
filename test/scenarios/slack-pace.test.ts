import { expect } from "chai";
import { type Slack, startSlack } from "../../emulator/slack/start-slack.ts";
import { slackDefaults } from "../../shared/adapters/slack/slack-api.ts";
import { createSlackChat } from "../../shared/adapters/slack/slack-chat.ts";
import type { Failure } from "../../shared/domain/service-state.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { chatStory } from "../support/chat-story.ts";
import { releaseBasics } from "../support/fixtures.ts";
import { HostileSlack } from "../support/hostile-slack.ts";

const failure: Failure = { code: "build-failed", message: "Step 0 failed." };
const failed = [
  { type: "release-failed", failure } as const,
  { status: "failed", failure } as const,
] as const;
const started = { type: "release-began", release: releaseBasics() } as const;
const passed = { type: "gate-passed", checks: [] } as const;
const burst = 10;
const token = "xoxb-test";

type Story = ReturnType<typeof chatStory>;

/** The functions of the story before Slack's Web API at this address, through Slack's own client; time is the story's. */
function facing(story: Story, apiUrl: string): Deps {
  const { clock, deps } = story;
  const chat = createSlackChat({ apiUrl, token: () => token, clock, settings: slackDefaults });
  return { ...deps, chat };
}

describe("what many releases have to say in one channel", () => {
  let story: Story;
  let slack: Slack;
  let deps: Deps;

  beforeEach(async () => {
    story = chatStory();
    const clock = () => story.clock.now();
    slack = await startSlack({ targets: () => null, signingSecret: "secret", botToken: token, clock });
    deps = facing(story, slack.apiUrl);
  });
  afterEach(() => slack.close());

  const keyOf = (metadata: unknown) => /"key":"([^"]*)"/.exec(JSON.stringify(metadata))?.[1] ?? "";
  /** Every message of the channel, in the order of time; milliseconds since the first. */
  const said = () => {
    const messages = slack.messages("#deploys");
    const first = Number(messages[0]?.ts);
    return messages
      .map(({ ts, metadata }) => ({ at: Math.round((Number(ts) - first) * 1_000), key: keyOf(metadata) }))
      .toSorted((one, other) => one.at - other.at);
  };

  it("is said one message a second after a first ten, what failed first, each once", async () => {
    for (let n = 1; n <= 4; n += 1) {
      await story.occur(n, null);
      await story.occur(n, started, { status: "building" });
      await story.occur(n, passed, { status: "verifying" });
      await story.tell(n, deps);
    }
    for (let n = 6; n <= 12; n += 1) {
      await story.occur(n, null);
      await story.occur(n, started, { status: "building" });
      await story.occur(n, ...failed);
      await story.tell(n, deps);
    }
    await story.quiet(deps);
    const messages = said();
    expect(new Set(messages.map(({ key }) => key)).size).to.equal(33);
    expect(messages).to.have.length(33);
    const gaps = messages.map(({ at }, index) => at - (messages[index - 1]?.at ?? 0));
    expect(Math.max(...gaps.slice(0, burst))).to.equal(0);
    expect(Math.min(...gaps.slice(burst))).to.be.at.least(1_000);
    expect(messages.at(-1)?.at).to.be.below(33 * 1_500);
    const isOfFailure = (key: string) => Number(/^release-(\d+)\//.exec(key)?.[1]) > 5;
    const waited = messages.slice(burst).map(({ key }) => key);
    expect(waited.slice(0, 21).every(isOfFailure), waited.join(" ")).to.equal(true);
    expect(waited.slice(21)).to.have.length(2);
  });

  it("keeps that pace too where Slack allows no message more, and says so of none", async () => {
    slack.faults.set("one-message-a-second");
    for (let n = 1; n <= 5; n += 1) {
      await story.occur(n, null);
      await story.tell(n, deps);
    }
    await story.quiet(deps);
    expect(said().map(({ key }) => key)).to.have.members([1, 2, 3, 4, 5].map((n) => `release-${n}/root/1`));
    const limits = story.lines.filter(({ message }) => message.startsWith("The chat asks for silence"));
    expect(limits).to.have.length(1); // after the first message
  });

  it("does not delay another channel", async () => {
    const other = chatStory("#random");
    for (const n of [1, 2, 3, 4]) {
      await story.occur(n, null);
      await story.occur(n, started, { status: "building" });
      await story.occur(n, passed, { status: "verifying" });
      await story.tell(n, deps);
    }
    expect(slack.messages("#deploys")).to.have.length(burst);
    await other.occur(9, null);
    await other.tell(9, { ...facing(other, slack.apiUrl), conversations: deps.conversations });
    expect(slack.messages("#random")).to.have.length(1);
  });
});

describe("a 429 of Slack's", () => {
  const hostile = new HostileSlack();
  let story: Story;
  let deps: Deps;

  beforeEach(async () => {
    story = chatStory();
    deps = facing(story, await hostile.start());
  });
  afterEach(async () => {
    hostile.reset();
    await hostile.stop();
  });

  const count = (method: string) => hostile.calls(method).length;

  it("silences every release of the channel for as long as it asks, and leads to no look into its history", async () => {
    const headers = { "retry-after": "30" };
    hostile.next("chat.postMessage", { kind: "status", status: 429, headers });
    for (let n = 1; n <= 4; n += 1) {
      await story.occur(n, null);
      await story.tell(n, deps);
    }
    expect(count("chat.postMessage")).to.equal(1);
    for (let second = 1; second < 30; second += 1) {
      await story.occur(2, {
        type: "decision-refused",
        by: releaseBasics().requestedBy,
        wanted: "approve",
        code: "not-an-approver",
      });
      await story.tell(2, deps);
      await story.later(1_000, deps);
    }
    expect(count("chat.postMessage")).to.equal(1);
    await story.later(1_000, deps);
    expect(count("chat.postMessage")).to.equal(2);
    await story.quiet(deps);
    expect(hostile.messages.filter(({ thread }) => thread === null)).to.have.length(4);
    expect(hostile.received.filter(({ method }) => method.startsWith("conversations."))).to.deep.equal([]);
  });

  it("of an edit silences edits alone: what is to be told is told", async () => {
    for (const n of [1, 2]) {
      await story.occur(n, null);
      await story.tell(n, deps);
    }
    await story.quiet(deps);
    await story.clock.advance(10_000);
    hostile.next("chat.update", { kind: "status", status: 429, headers: { "retry-after": "60" } });
    for (const n of [1, 2]) {
      await story.occur(n, ...failed);
      await story.tell(n, deps);
    }
    expect(count("chat.update")).to.equal(1);
    expect(hostile.messages.filter(({ thread }) => thread !== null)).to.have.length(2);
    await story.later(59_000, deps);
    expect(count("chat.update")).to.equal(1);
    await story.quiet(deps);
    expect(count("chat.update")).to.equal(3);
  });

  it("after an answer that was lost leaves open whether that was posted: it is looked for, and said once", async () => {
    hostile.next("chat.postMessage", { kind: "reset", done: true });
    hostile.next("conversations.history", { kind: "status", status: 429, headers: { "retry-after": "30" } });
    await story.occur(1, null);
    const told = story.tell(1, deps);
    await story.finished(told);
    await story.quiet(deps);
    expect(hostile.messages).to.have.length(1);
    expect(count("conversations.history")).to.equal(2);
    expect(await story.of(1)).to.include({ unsure: null, attempt: 0 });
  });
});
