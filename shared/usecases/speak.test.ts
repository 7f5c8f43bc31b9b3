import { expect } from "chai";
import { chatStory, waiting } from "../../test/support/chat-story.ts";
import { candidate, person, releaseBasics, revisionName } from "../../test/support/fixtures.ts";
import { limited, refused, unavailable } from "../../test/support/recording-chat.ts";
import { parseTagName } from "../domain/ids.ts";
import type { Failure } from "../domain/service-state.ts";
import type { Conversations } from "../ports/conversations.ts";
import type { Deps } from "./deps.ts";
import { speak } from "./speak.ts";

const failure: Failure = { code: "build-failed", message: "Step 0 failed." };
const started = { type: "release-began", release: releaseBasics() } as const;
const moved = (percent: number) => ({ type: "traffic-moved", step: 0, percent }) as const;
const keysOf = (messages: readonly { post: { key: string } }[]) => messages.map(({ post }) => post.key);

type Story = ReturnType<typeof chatStory>;

/** A release that has a root and one line in its thread. */
async function begun(): Promise<Story> {
  const story = chatStory();
  await story.happen(1, null);
  await story.happen(1, started, { status: "building" });
  await story.later(3_000);
  return story;
}

function rootOf({ chat }: Story) {
  const [root] = chat.roots;
  if (root === undefined || chat.roots.length > 1) throw new Error(`there are ${chat.roots.length} roots`);
  return root;
}

describe("what is said of a release in chat", () => {
  it("is one root, posted once and edited in place, with its story in the thread, each line once and in order", async () => {
    const story = await begun();
    const { chat } = story;
    for (const percent of [10, 50, 100]) {
      await story.clock.advance(5_000);
      await story.happen(1, moved(percent), { status: "rolling-out", percent });
      await story.tell(1); // the fact is delivered a second time
    }
    const root = rootOf(story);
    expect(JSON.stringify(root.content)).to.include("100 %");
    expect(keysOf(chat.thread(root.place))).to.deep.equal(
      [2, 3, 4, 5].map((position) => `${story.idOf(1)}/${position}`),
    );
    expect(chat.thread(root.place).map(({ content }) => content.text)[3]).to.include("100 %");
    expect(await story.of(1)).to.include({ told: 5, attempt: 0, lastError: null, roots: 1 });
    expect(await story.deps.conversations.nextDueAt()).to.equal(null);
  });

  it("is edited once in three seconds at most, and says the last state in the end", async () => {
    const story = await begun();
    const before = rootOf(story).edits;
    await story.happen(1, moved(1), { status: "rolling-out", percent: 1 });
    for (let percent = 2; percent <= 30; percent += 1) {
      await story.clock.advance(200);
      await story.happen(1, moved(percent), { percent });
      await story.sweep();
    }
    expect(rootOf(story).edits - before).to.be.within(2, 3); // in 5.8 s
    await story.later(3_000);
    expect(JSON.stringify(rootOf(story).content)).to.include("30 %");
    expect(rootOf(story).edits - before).to.be.within(2, 4);
    await story.later(60_000);
    expect(rootOf(story).edits - before).to.be.within(2, 4);
  });

  it("says within a minute that the watch sees something again, though no fact tells of it", async () => {
    const story = await begun();
    const errors = { name: "errors", measured: "0 of 0 failed", limit: "at most 1 %" } as const;
    const unsure = [{ ...errors, verdict: "inconclusive" }] as const;
    await story.happen(
      1,
      { type: "watch-went-on", slice: 3, checks: unsure },
      { status: "baking", checks: unsure },
    );
    expect(JSON.stringify(rootOf(story).content)).to.include("not known");
    const sure = [{ ...errors, verdict: "pass", measured: "0 of 12 failed" }] as const;
    await story.clock.advance(3_000);
    await story.occur(1, { type: "watch-went-on", slice: 4, checks: sure }, { checks: sure });
    await story.sweep();
    expect(JSON.stringify(rootOf(story).content)).to.include("not known");
    await story.later(60_000);
    expect(JSON.stringify(rootOf(story).content)).to.include("0 of 12 failed");
    expect(await story.deps.conversations.nextDueAt()).to.equal(null);
  });

  it("is told the whole channel where somebody has to look, and nowhere else", async () => {
    const story = await begun();
    const rest = { failure, by: person, candidate: candidate(), target: null };
    await story.happen(1, { type: "gate-passed", checks: [] });
    await story.happen(1, waiting, { status: "awaiting-approval" });
    await story.happen(1, { type: "approval-given", by: person }, { approvedBy: [person] });
    await story.happen(1, moved(10), { status: "rolling-out", percent: 10 });
    await story.happen(1, { type: "rollout-paused", by: person }, { paused: true });
    await story.happen(
      1,
      { type: "rollback-began", ...rest, release: releaseBasics() },
      { status: "rolling-back" },
    );
    await story.happen(1, { type: "release-rolled-back", failure }, { status: "rolled-back" });
    await story.happen(1, { type: "release-failed", failure }, { status: "failed", failure });
    await story.quiet();
    const lines = story.chat.thread(rootOf(story).place);
    const types = (await story.deps.store.releaseEvents(story.idOf(1))).map(({ event }) => event.type);
    const loud = lines
      .filter(({ post }) => post.broadcast)
      .map(({ post }) => types[Number(post.key.split("/")[1]) - 1]);
    expect(loud).to.deep.equal([
      "approval-requested",
      "rollback-began",
      "release-rolled-back",
      "release-failed",
    ]);
    expect(lines).to.have.length(9);
  });

  it("names the release that took its place by its tag, and links to it", async () => {
    const story = await begun();
    const by = story.idOf(2);
    await story.happen(
      1,
      { type: "release-replaced", by, byTag: parseTagName("v1.9.0") ?? releaseBasics().tag },
      { status: "live", supersededBy: by },
    );
    await story.quiet();
    const line = story.chat.thread(rootOf(story).place).at(-1);
    expect(JSON.stringify(line?.content)).to.include(`<${story.deps.consoleUrl()}/releases/${by}|v1.9.0>`);
  });

  it("is nothing where the config of the release names no channel, and where nobody knows the release", async () => {
    const story = chatStory(null);
    await story.happen(1, null);
    await story.tell(2);
    expect(story.chat.calls).to.deep.equal([]);
    expect(await story.of(1)).to.equal(null);
  });

  it("is nothing in a Gantry without chat", async () => {
    const story = chatStory();
    const without: Deps = { ...story.deps, chat: null };
    await story.occur(1, null);
    await story.tell(1, without);
    await speak(without, story.idOf(1));
    expect(await story.of(1)).to.equal(null);
  });

  it("is said once when two handlers hear of two facts at once", async () => {
    const story = chatStory();
    await story.occur(1, null);
    await story.occur(1, started);
    await Promise.all([story.tell(1), story.tell(1), story.tell(1)]);
    await story.sweep();
    expect(keysOf(story.chat.messages)).to.deep.equal(["release-1/root/1", "release-1/2"]);
  });

  it("loses nothing that happens while it is being said", async () => {
    const story = await begun();
    const { chat, deps } = story;
    await story.clock.advance(5_000);
    await story.occur(1, moved(10), { status: "rolling-out", percent: 10 });
    const update = chat.update.bind(chat);
    const busy = Object.assign(Object.create(chat), {
      update: async (params: Parameters<typeof update>[0]) => {
        await story.occur(1, moved(50), { percent: 50 });
        await story.tell(1, deps); // finds the conversation in hands
        return update(params);
      },
    });
    await story.tell(1, { ...deps, chat: busy });
    await story.later(3_000);
    expect(JSON.stringify(rootOf(story).content)).to.include("50 %");
    expect(keysOf(chat.thread(rootOf(story).place))).to.deep.equal([
      "release-1/2",
      "release-1/3",
      "release-1/4",
    ]);
  });
});

describe("a root that a person deleted", () => {
  it("is posted anew with the next state, and the story goes on below it", async () => {
    const story = await begun();
    const { chat } = story;
    chat.remove(rootOf(story).place);
    await story.clock.advance(5_000);
    await story.happen(1, moved(10), { status: "rolling-out", percent: 10 });
    expect(rootOf(story).post.key).to.equal("release-1/root/2");
    expect(keysOf(chat.thread(rootOf(story).place))).to.deep.equal(["release-1/3"]);
    expect(await story.of(1)).to.include({ roots: 2, attempt: 0 });
  });

  it("is posted anew where only the thread has news", async () => {
    const story = await begun();
    const { chat } = story;
    chat.remove(rootOf(story).place);
    await story.happen(1, { type: "gate-passed", checks: [] });
    expect(rootOf(story).post.key).to.equal("release-1/root/2");
    expect(keysOf(chat.thread(rootOf(story).place))).to.deep.equal(["release-1/3"]);
    expect(await story.of(1)).to.include({ attempt: 0, lastError: null });
  });
});

describe("a chat that fails", () => {
  it("is asked again after the time that it asked for, and no sooner, whatever happens", async () => {
    const story = chatStory();
    const { chat } = story;
    chat.fail("post", limited("chat.postMessage", 30_000));
    await story.happen(1, null);
    const calls = chat.calls.length;
    for (let second = 0; second < 29; second += 1) {
      await story.happen(1, moved(second), { percent: second });
      await story.later(1_000);
    }
    expect(chat.calls).to.have.length(calls);
    await story.later(1_000);
    expect(chat.roots).to.have.length(1);
    await story.quiet();
    expect(chat.thread(rootOf(story).place)).to.have.length(29);
    expect(chat.calls.filter((call) => call.endsWith("looked for"))).to.deep.equal([]);
    expect(await story.of(1)).to.include({ attempt: 0, lastError: null, quietUntil: null });
  });

  it("is asked again after one second, then two, up to a minute", async () => {
    const story = chatStory();
    story.chat.fail("post", ...Array.from({ length: 9 }, () => unavailable()));
    await story.happen(1, null);
    const waits: number[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      const next = (await story.deps.conversations.nextDueAt()) ?? 0;
      waits.push((next - story.clock.now()) / 1_000);
      await story.later(next - story.clock.now());
    }
    expect(waits).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(rootOf(story).post.key).to.equal("release-1/root/1");
  });

  it("that refuses is asked again in five minutes or at the next news, and a person is told in the log", async () => {
    const story = chatStory();
    const { chat, lines } = story;
    chat.fail("post", refused("is_archived"), refused("is_archived"));
    await story.happen(1, null);
    expect(lines.find(({ level }) => level === "error")).to.include({ err: "is_archived", waitMs: 300_000 });
    await story.later(299_000);
    expect(chat.calls).to.have.length(1);
    await story.later(1_000);
    expect(chat.calls).to.have.length(2);
    await story.happen(1, started);
    expect(keysOf(chat.messages)).to.deep.equal(["release-1/root/1", "release-1/2"]);
  });

  it("says nothing twice where the answer to a post was lost, in the root or in the thread", async () => {
    const story = chatStory();
    const { chat } = story;
    chat.fail("post", { error: unavailable(), done: true });
    await story.happen(1, null);
    await story.later(1_000);
    chat.fail("post", { error: unavailable(), done: true });
    await story.happen(1, started);
    await story.quiet();
    expect(keysOf(chat.messages)).to.deep.equal(["release-1/root/1", "release-1/2"]);
    expect(chat.isWell).to.equal(true);
    await story.happen(1, { type: "gate-passed", checks: [] });
    await story.quiet();
    expect(chat.calls.at(-1)).to.equal("post release-1/3"); // nobody tried it: nothing is looked for
  });

  it("goes on where it stopped: what was said before the failure is kept", async () => {
    const story = chatStory();
    const { chat } = story;
    await story.occur(1, null);
    for (const percent of [10, 50]) await story.occur(1, moved(percent), { percent });
    const post = chat.post.bind(chat);
    let posts = 0;
    const third = Object.assign(Object.create(chat), {
      post: (params: Parameters<typeof post>[0]) => {
        posts += 1;
        if (posts === 3) chat.fail("post", unavailable());
        return post(params);
      },
    });
    await story.tell(1, { ...story.deps, chat: third });
    expect(await story.of(1)).to.include({ told: 2, attempt: 1 });
    await story.quiet();
    expect(keysOf(chat.messages)).to.deep.equal(["release-1/root/1", "release-1/2", "release-1/3"]);
  });
});

describe("a process that dies while it speaks", () => {
  it("between a post and keeping it: another looks for it, and says what is left, once", async () => {
    const story = chatStory();
    const { chat, deps } = story;
    await story.occur(1, null);
    await story.occur(1, started);
    const dying = new Proxy(deps.conversations, {
      get: (conversations, method: keyof Conversations) =>
        method === "save"
          ? () => Promise.reject(new Error("killed"))
          : conversations[method].bind(conversations),
    });
    const death = await story.tell(1, { ...deps, conversations: dying }).catch((error: unknown) => error);
    expect(String(death)).to.include("killed");
    expect(chat.messages).to.have.length(2);
    await story.happen(1, moved(10), { percent: 10, status: "rolling-out" }); // in the dead one's hands still
    expect(chat.messages).to.have.length(2);
    const heir: Deps = { ...deps, settings: { ...deps.settings, owner: "process-2" } };
    await story.clock.advance(60_000);
    await story.sweep(heir);
    expect(keysOf(chat.messages)).to.deep.equal(["release-1/root/1", "release-1/2", "release-1/3"]);
    const looked = chat.calls.filter((call) => call.endsWith("looked for"));
    expect(looked).to.have.length(3);
    expect(rootOf(story).place.channel).to.equal("#deploys");
    expect(await story.of(1)).to.include({ told: 3, attempt: 0 });
  });

  it("before anything was posted loses nothing", async () => {
    const story = chatStory();
    await story.occur(1, null);
    const { deps, clock } = story;
    await deps.conversations.want({ key: story.idOf(1), channel: "#deploys", now: clock.now() });
    await deps.conversations.claim({ key: story.idOf(1), owner: "dead", now: clock.now(), leaseMs: 60_000 });
    await story.later(59_000);
    expect(story.chat.calls).to.deep.equal([]);
    await story.later(1_000);
    expect(keysOf(story.chat.messages)).to.deep.equal(["release-1/root/1"]);
  });
});

describe("many releases that begin at once", () => {
  const awaitingOwn = (story: Story) =>
    story.chat.roots.filter(({ post }) => !post.key.startsWith("digest/"));
  const digests = (story: Story) => story.chat.roots.filter(({ post }) => post.key.startsWith("digest/"));

  async function burst(count: number): Promise<Story> {
    const story = chatStory();
    for (let n = 1; n <= count; n += 1) await story.happen(n, null);
    await story.quiet();
    return story;
  }

  it("have a message each while there are five of them in a minute, and share one from there on", async () => {
    const five = await burst(5);
    expect(awaitingOwn(five)).to.have.length(5);
    expect(digests(five)).to.have.length(0);
    const many = await burst(40);
    expect(awaitingOwn(many)).to.have.length(5);
    expect(digests(many)).to.have.length(1);
    expect(digests(many)[0]?.content.text).to.include("35");
  });

  it("are counted by the minute: a sixth one a minute later has a message of its own", async () => {
    const story = await burst(5);
    await story.later(61_000);
    await story.happen(6, null);
    expect(awaitingOwn(story)).to.have.length(6);
  });

  it("do not bury the one that failed: it gets a message and a thread of its own, and the digest says so", async () => {
    const story = await burst(12);
    const before = digests(story)[0]?.content.text;
    await story.happen(9, { type: "release-failed", failure }, { status: "failed", failure });
    await story.later(3_000);
    const own = awaitingOwn(story).at(-1);
    expect(own?.post.key).to.equal("release-9/root/1");
    expect(own && story.chat.thread(own.place).map(({ post }) => post.broadcast)).to.deep.equal([true]);
    expect(digests(story)).to.have.length(1);
    expect(digests(story)[0]?.content.text).to.not.equal(before);
  });

  it("stay in the digest as they stand, also those with a message of their own", async () => {
    const story = await burst(8);
    await story.happen(8, waiting, { status: "awaiting-approval" });
    await story.later(3_000);
    const waits = JSON.stringify(digests(story)[0]?.content);
    await story.happen(
      8,
      { type: "release-live", revision: revisionName() },
      { status: "live", percent: 100 },
    );
    await story.quiet();
    expect(JSON.stringify(digests(story)[0]?.content)).to.not.equal(waits);
    expect(await story.deps.conversations.nextDueAt()).to.equal(null);
  });

  it("are all in the digest however its telling and their joining interleave", async () => {
    const story = chatStory();
    const { deps, chat } = story;
    for (let n = 1; n <= 30; n += 1) await story.occur(n, null);
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        await story.tell(index + 1);
        const due = await deps.conversations.due({ now: story.clock.now(), limit: 100 });
        await Promise.all(due.map((key) => speak(deps, key)));
      }),
    );
    await story.later(3_000);
    const named = await deps.conversations.inDigest(digests(story)[0]?.post.key.replace("/root/1", "") ?? "");
    expect(named.length + awaitingOwn(story).length).to.equal(30);
    expect(digests(story)[0]?.content.text).to.include(`${named.length}`);
    expect(new Set(keysOf(chat.messages)).size).to.equal(chat.messages.length);
  });
});
