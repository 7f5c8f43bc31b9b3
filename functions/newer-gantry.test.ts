import { expect } from "chai";
import { type EventHandler, topics } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { commitOf, numberedService, releaseConfig, releaseRecord, work } from "../test/support/fixtures.ts";
import {
  type FunctionHarness,
  functionHarness,
  pubSubEvent,
  releaseRequest,
} from "../test/support/function-harness.ts";
import {
  additiveMark,
  newerEvent,
  newerState,
  newerWork,
  withUnknown,
} from "../test/support/newer-gantry.ts";
import { RecordingChat } from "../test/support/recording-chat.ts";
import { build } from "./build.ts";
import { deploy } from "./deploy.ts";
import { notify } from "./notify.ts";
import { rollback } from "./rollback.ts";
import { rollout } from "./rollout.ts";
import { sweep } from "./sweep.ts";
import { verify } from "./verify.ts";
import { warmup } from "./warmup.ts";

const other = numberedService(2);
const otherWork = work({ service: other, of: "other" });

/** A service of which a newer Gantry has the state, and one that is like any other. */
async function afterNewer(): Promise<FunctionHarness> {
  const harness = functionHarness();
  const { store } = harness.deps;
  await store.commit(
    commitOf({
      state: newerState(),
      events: [newerEvent()],
      releases: [withUnknown(releaseRecord(), { status: "shadowing" })],
      owed: [newerWork(), work()],
    }),
  );
  await store.commit(commitOf({ service: other, owed: [otherWork] }));
  return harness;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("functions, where a newer Gantry wrote the state", () => {
  const stages: readonly (readonly [string, (deps: Deps) => EventHandler])[] = [
    [topics.work.build, build],
    [topics.work.deploy, deploy],
    [topics.work.verify, verify],
    [topics.work.rollout, rollout],
    [topics.work.rollback, rollback],
    [topics.work.warmup, warmup],
  ];
  for (const [topic, of] of stages)
    it(`hand a message of ${topic} back for a newer instance, and do and write nothing`, async () => {
      const { deps, world, finished } = await afterNewer();
      const before = await deps.store.look(world.service);
      const call = pubSubEvent(topic, { service: world.service, work: work().id });
      expect(await failureOf(finished(of(deps)(call)))).to.include({ code: "state-newer", transient: true });
      expect(await deps.store.look(world.service)).to.deep.equal(before);
      expect([...world.builds, ...world.moved, ...world.removed]).to.deep.equal([]);
      const owed = await deps.store.owedWork(world.service);
      expect(owed.map(({ attempt, claimedBy }) => [attempt, claimedBy])).to.deep.equal([
        [0, null],
        [0, null],
      ]);
    });

  it("hand a request for a release back too, so that it is begun by who may", async () => {
    const { deps, finished } = await afterNewer();
    const call = finished(build(deps)(pubSubEvent(topics.releases, releaseRequest())));
    expect(await failureOf(call)).to.include({ code: "state-newer", transient: true });
    expect(await deps.store.refusals({ limit: 10 })).to.deep.equal([]);
  });

  it("sweep on: other services get their turn, known work is called seldom, unknown work is left, and the log says so", async () => {
    const { deps, world, published, lines, clock } = await afterNewer();
    for (const waitMs of [0, 60_000, 60_000]) {
      await clock.advance(waitMs);
      await sweep(deps)(pubSubEvent(topics.sweep, {}));
    }
    const calls = (id: string) =>
      published.filter(({ data }) => JSON.stringify(data).includes(`"${id}"`)).map((message) => message.id);
    expect(new Set(calls(otherWork.id)).size).to.equal(3);
    expect(calls(work().id)).to.have.length(3);
    expect(new Set(calls(work().id)).size).to.equal(1);
    expect(calls(newerWork().id)).to.deep.equal([]);
    const said = lines.filter(({ level }) => level === "error");
    expect(said.map(({ message, service, work: id }) => [message, service, id])).to.deep.include.members([
      ["Only a newer Gantry may go on with this service", world.service, undefined],
      ["Only a newer Gantry knows this work; it is left to it", world.service, newerWork().id],
    ]);
    expect(said.filter(({ service }) => service === other)).to.deep.equal([]);
  });

  it("sweep on when one service cannot be read at all", async () => {
    const harness = await afterNewer();
    const { store } = harness.deps;
    const look: typeof store.look = (key) =>
      key === other ? Promise.reject(new Error("not JSON")) : store.look(key);
    const broken = new Proxy(store, {
      get: (target, name) => {
        const member: unknown = name === "look" ? look : Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    await sweep({ ...harness.deps, store: broken })(pubSubEvent(topics.sweep, {}));
    expect(harness.published.map(({ id }) => id?.split("#")[0])).to.have.members([work().id, otherWork.id]);
    expect(harness.lines).to.deep.include({
      level: "error",
      message: "Could not read a service; its work is handed off all the same",
      service: other,
      err: "Error: not JSON",
    });
  });

  it("take a fact of a type that they do not know for one that they have nothing to say to", async () => {
    const harness = functionHarness();
    const { store } = harness.deps;
    const config = releaseConfig({ notify: { slack: "#deploys" } });
    await store.commit(
      commitOf({
        state: { ...newerState(), active: null, schema: additiveMark },
        events: [newerEvent()],
        releases: [withUnknown(releaseRecord(), { status: "shadowing" })],
        configs: [{ hash: releaseRecord().configHash, config }],
      }),
    );
    const chat = new RecordingChat();
    const { releaseId, type } = newerEvent();
    const event = pubSubEvent(topics.events, { releaseId, type, share: 3 });
    await harness.finished(notify({ ...harness.deps, chat })(event));
    expect(chat.roots.map(({ content }) => content.text)).to.have.length(1);
    expect(chat.roots[0]?.content.text).to.include("is where only a newer Gantry knows its way");
    expect(harness.lines.filter(({ level }) => level !== "info")).to.deep.equal([]);
  });

  it("take a fact about a service that only a newer one may go on with, and leave its words to that one", async () => {
    const harness = await afterNewer();
    const { store } = harness.deps;
    const config = releaseConfig({ notify: { slack: "#deploys" } });
    const read = await store.look(harness.world.service);
    const configs = [{ hash: releaseRecord().configHash, config }];
    await store.commit(commitOf({ expectedVersion: read.version, state: read.state, events: [], configs }));
    const chat = new RecordingChat();
    const fact = pubSubEvent(topics.events, { releaseId: newerEvent().releaseId, type: "release-live" });
    await harness.finished(notify({ ...harness.deps, chat })(fact));
    const said = harness.lines.find(({ message }) => message.includes("it is said later"));
    expect(said?.["err"]).to.include("A newer Gantry wrote the state");
    expect(
      await harness.deps.conversations.due({ now: harness.clock.now() + 60_000, limit: 9 }),
    ).to.have.length(1);
  });
});
