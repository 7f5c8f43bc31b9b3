import { expect } from "chai";
import { openMemory } from "../shared/adapters/memory/open-memory.ts";
import type { WorkKind } from "../shared/domain/work.ts";
import { topics } from "../shared/ports/bus.ts";
import type { ChatPort } from "../shared/ports/chat.ts";
import type { Store } from "../shared/ports/store.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { createDesk } from "../shared/usecases/gantry-desk.ts";
import { monday, numberedService, person, work } from "../test/support/fixtures.ts";
import { functionHarness, pubSubEvent, releaseRequest } from "../test/support/function-harness.ts";
import { firstRelease, startedRelease } from "../test/support/function-story.ts";
import { ManualClock } from "../test/support/manual-clock.ts";
import { RecordingChat } from "../test/support/recording-chat.ts";
import { subscriptions } from "./subscriptions.ts";
import { sweep } from "./sweep.ts";

const tick = pubSubEvent(topics.sweep, {});

/** The store with these members instead of its own. */
function withMembers(store: Store, members: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(members, name) ?? Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** A store to which such work is due, each of another service. */
function owing(deps: Deps, kinds: readonly WorkKind[]): Deps {
  const due = kinds.map((kind, n) => ({
    ...work(),
    id: `${firstRelease}/${kind}/1`,
    service: numberedService(n),
    kind,
    attempt: 0,
    claimedBy: null,
    leaseUntil: null,
    lastError: null,
  }));
  return { ...deps, store: withMembers(deps.store, { dueWork: async () => due }) };
}

describe("functions/sweep", () => {
  it("hands nothing off while nothing is due", async () => {
    const harness = functionHarness();
    await startedRelease(harness);
    await sweep(harness.deps)(tick);
    expect(harness.published).to.deep.equal([]);
  });

  it("hands off what is due and in nobody's hands to the function whose work it is", async () => {
    const harness = functionHarness();
    await startedRelease(harness);
    await harness.clock.advance(30_000);
    await sweep(harness.deps)(tick);
    const work = `${firstRelease}/check-build/1`;
    expect(harness.published).to.deep.equal([
      {
        topic: "gantry-deploy",
        id: `${work}#0-${(monday + 30_000) / 5_000}`,
        data: { service: harness.world.service, work },
      },
    ]);
  });

  it("hands the same work off under the same id for five seconds, so that a full queue is not filled further", async () => {
    const harness = functionHarness();
    await startedRelease(harness);
    await harness.clock.advance(30_000);
    for (const waitMs of [0, 4_000, 2_000]) {
      await harness.clock.advance(waitMs);
      await sweep(harness.deps)(tick);
    }
    const ids = harness.published.map(({ id }) => id);
    expect(ids).to.have.length(3);
    expect(new Set(ids).size).to.equal(2);
  });

  it("hands the same look for drift off under the same id for half a minute: after an outage every service is due", async () => {
    const harness = functionHarness();
    const ids = [];
    for (const waitMs of [0, 25_000, 10_000]) {
      await harness.clock.advance(waitMs);
      await sweep(owing(harness.deps, ["check-drift"]))(tick);
      ids.push(harness.published.at(-1)?.id);
    }
    expect(ids[1]).to.equal(ids[0]);
    expect(ids[2]).to.not.equal(ids[0]);
  });

  it("hands off the work of releases before it so much as reads the services that a look for drift is due for", async () => {
    const harness = functionHarness();
    const deps = owing(harness.deps, ["check-drift", "restore-stable", "watch", "verify-candidate"]);
    const published = () => harness.published.map(({ id }) => id?.split("/")[1]);
    const seen: (readonly unknown[])[] = [];
    const look: typeof deps.store.look = (service) => {
      if (service === numberedService(0)) seen.push(published());
      return harness.deps.store.look(service);
    };
    await sweep({ ...deps, store: withMembers(deps.store, { look }) })(tick);
    expect(seen).to.deep.equal([["restore-stable", "watch", "verify-candidate"]]);
    expect(published()).to.have.length(4);
  });

  it("leaves work alone that a living owner has claimed, and takes it up when the owner died", async () => {
    const harness = functionHarness();
    const { store } = harness.deps;
    await startedRelease(harness);
    await harness.clock.advance(30_000);
    const id = `${firstRelease}/check-build/1`;
    await store.claimWork({ id, owner: "other", now: harness.clock.now(), leaseMs: 10_000 });
    await sweep(harness.deps)(tick);
    expect(harness.published).to.deep.equal([]);
    await harness.clock.advance(10_000);
    await sweep(harness.deps)(tick);
    expect(harness.published.map((message) => message.id)).to.deep.equal([
      `${id}#1-${(monday + 40_000) / 5_000}`,
    ]);
  });

  it("tells of work as overdue, at each look, once nobody took it for ten minutes", async () => {
    const harness = functionHarness();
    await startedRelease(harness);
    const told = () => harness.lines.filter(({ message }) => message === "Work is overdue");
    await harness.clock.advance(10 * 60_000);
    await sweep(harness.deps)(tick);
    expect(told()).to.deep.equal([]);
    await harness.clock.advance(60_000);
    await sweep(harness.deps)(tick);
    await sweep(harness.deps)(tick);
    expect(told()).to.have.length(2);
    expect(harness.published).to.have.length(3);
  });

  it("tells of no tidying up as overdue that only just came up, for it is due at no time of its own", async () => {
    const harness = functionHarness();
    await startedRelease(harness);
    await createDesk(harness.deps).cancel({ releaseId: firstRelease, by: person, reason: "" });
    const [work] = await harness.deps.store.owedWork(harness.world.service);
    expect(work).to.include({ kind: "tidy", dueAt: 0 });
    await sweep(harness.deps)(tick);
    expect(harness.lines.filter(({ message }) => message === "Work is overdue")).to.deep.equal([]);
  });

  it("tells of work as overdue that failed thirty times, though it is tried again and again", async () => {
    const harness = functionHarness();
    const { store } = harness.deps;
    await startedRelease(harness);
    const id = `${firstRelease}/check-build/1`;
    for (let attempt = 1; attempt <= 30; attempt += 1) {
      await harness.clock.advance(30_000);
      const now = harness.clock.now();
      await store.claimWork({ id, owner: "one", now, leaseMs: 10_000 });
      await store.releaseClaim({
        id,
        owner: "one",
        attempt,
        dueAt: now + 15_000,
        error: attempt < 30 ? "busy" : "still busy",
      });
    }
    await harness.clock.advance(15_000);
    await sweep(harness.deps)(tick);
    expect(harness.lines.filter(({ message }) => message === "Work is overdue")).to.have.length(1);
  });
});

describe("the subscriptions of all functions", () => {
  it("bury poison at once, while its neighbours go on", async () => {
    const clock = new ManualClock(monday);
    const { store, bus, close } = openMemory({ clock });
    const { deps, world } = functionHarness();
    for (const subscription of subscriptions({ ...deps, store, bus, clock })) bus.subscribe(subscription);
    bus.start();
    const poison = Object.values({ releases: topics.releases, builds: topics.builds, ...topics.work });
    const message = (topic: string, data: object | null) => ({
      topic,
      id: null,
      data: data === null ? null : JSON.parse(JSON.stringify(data)),
      attributes: {},
    });
    await bus.publish(poison.map((topic) => message(topic, null)));
    await bus.publish([message(topics.releases, releaseRequest())]);
    await clock.advance(10_000);
    expect(world.builds).to.have.length(1);
    const letters = await bus.deadLetters({ limit: 99 });
    expect(letters.map(({ topic }) => topic).sort()).to.deep.equal(poison.sort());
    for (const { lastError } of letters)
      expect(lastError).to.match(
        /^Message \d+ of .* cannot be read: ✖ Invalid input: expected object, received null\.$/,
      );
    expect((await store.release(firstRelease))?.status).to.equal("building");
    await close();
  });

  it("name each topic that work is handed off on", () => {
    const heard = subscriptions(functionHarness().deps).map(({ topic }) => topic);
    expect(heard).to.include.members([
      ...Object.values(topics.work),
      topics.releases,
      topics.builds,
      topics.sweep,
    ]);
  });

  it("hear of facts, clicks and what is left to say only where there is a chat", () => {
    const { deps } = functionHarness();
    const heard = (chat: ChatPort | null) => subscriptions({ ...deps, chat }).map(({ topic }) => topic);
    const chatty: readonly string[] = [topics.events, topics.commands, topics.notify];
    expect(heard(null).filter((topic) => chatty.includes(topic))).to.deep.equal([]);
    expect(heard(new RecordingChat())).to.include.members(chatty);
  });
});
