import { expect } from "chai";
import { rollout } from "../../functions/rollout.ts";
import { verify } from "../../functions/verify.ts";
import { type FunctionHarness, functionHarness, gantryYaml } from "../../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "../../test/support/function-story.ts";
import { AppError } from "../ports/app-error.ts";
import { topics } from "../ports/bus.ts";
import type { Commit, Store } from "../ports/store.ts";
import { workOn } from "./run-work.ts";

const longHold = gantryYaml().replace("hold: 1m", "hold: 10m");
const invocationMs = 90_000;

/** A release whose gate passed, before functions that hand over after a minute and a half; and what they hand off. */
async function verified(yaml = longHold) {
  const harness = functionHarness({ settings: { invocationMs } });
  harness.world.files.set("gantry.yaml", yaml);
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  const handedOff: string[] = [];
  const { store } = harness.deps;
  const commit: Store["commit"] = async (wanted: Commit) => {
    const result = await store.commit(wanted);
    const works = wanted.messages.filter(({ topic }) => topic === topics.work.rollout);
    if (result.outcome === "committed")
      handedOff.push(...works.map(({ attributes }) => attributes["kind"] ?? ""));
    return result;
  };
  const spied: Store = new Proxy(store, {
    get: (of, name) => {
      if (name === "commit") return commit;
      const method: unknown = Reflect.get(of, name);
      return typeof method === "function" ? method.bind(of) : method;
    },
  });
  return { ...harness, deps: { ...harness.deps, store: spied }, handedOff };
}

const active = async (harness: FunctionHarness) => (await harness.state()).active;

describe("an invocation with a time limit", () => {
  it("hands the watch over with the commit that comes after its time, and another goes on at that slice", async () => {
    const harness = await verified();
    const { clock, handedOff } = harness;
    const began = clock.now();
    await handOver(harness, rollout, topics.work.rollout);
    const tookMs = clock.now() - began;
    expect(tookMs).to.be.within(invocationMs, invocationMs + harness.deps.settings.sliceMs + 2_000);
    expect(handedOff).to.deep.equal(["watch"]);
    const before = await active(harness);
    expect(before).to.include({ status: "rolling-out", step: 0 });
    const [work] = await harness.deps.store.owedWork(harness.world.service);
    expect(work).to.include({ kind: "watch", claimedBy: null });
    await handOver(harness, rollout, topics.work.rollout);
    expect(handedOff).to.deep.equal(["watch", "watch"]);
    expect(harness.world.moved).to.have.length(1);
  });

  it("comes to its end over as many invocations as it takes, each traffic written once", async () => {
    const harness = await verified();
    let invocations = 0;
    while ((await active(harness)) !== null) {
      invocations += 1;
      expect(harness.handedOff).to.have.length(invocations - 1);
      await handOver(harness, rollout, topics.work.rollout);
    }
    expect((await harness.state()).live?.id).to.equal(firstRelease);
    expect(invocations).to.be.within(6, 9);
    expect(harness.world.moved).to.have.length(2);
  });

  it("restores stable itself, however late it is", async () => {
    const harness = await verified();
    const { clock, world } = harness;
    const began = clock.now();
    world.status = () => (clock.now() - began > invocationMs - 1_000 ? 500 : 200);
    await handOver(harness, rollout, topics.work.rollout);
    expect(clock.now() - began).to.be.above(invocationMs - 1_000);
    expect((await harness.deps.store.release(firstRelease))?.status).to.equal("rolled-back");
    expect(world.split).to.deep.equal([{ revision: world.stable, percent: 100 }]);
  });

  it("hands off what a failed try left due when its time was over", async () => {
    const { deps, world, clock, published, finished } = await verified();
    world.move = async () => {
      await clock.sleep({ ms: invocationMs, signal: new AbortController().signal });
      throw new AppError({ code: "run-unavailable", message: "503", transient: true });
    };
    const impatient = { ...deps, settings: { ...deps.settings, retryMinMs: 0 } };
    await finished(workOn(impatient, "rollout", world.service));
    const [work] = await deps.store.owedWork(world.service);
    expect(work).to.include({ kind: "move-traffic", attempt: 1, claimedBy: null });
    expect(published.map(({ topic, data }) => ({ topic, data }))).to.deep.equal([
      { topic: topics.work.rollout, data: { service: world.service, work: work?.id } },
    ]);
  });
});

describe("work whose process ends each time", () => {
  it("is begun twenty times and no more, and its release ends with a sentence", async () => {
    const harness = functionHarness();
    const { deps, world, clock } = harness;
    await deployedRelease(harness);
    const [work] = await deps.store.owedWork(world.service);
    expect(work?.kind).to.equal("verify-candidate");
    const { leaseMs } = deps.settings;
    for (let begun = 0; begun < 20; begun += 1) {
      await deps.store.claimWork({ id: work?.id ?? "", owner: `dead-${begun}`, now: clock.now(), leaseMs });
      await clock.advance(leaseMs + 1);
    }
    await handOver(harness, verify, topics.work.verify);
    const record = await deps.store.release(firstRelease);
    expect(record).to.deep.include({ status: "failed", percent: 0 });
    expect(record?.failure?.message).to.match(/^verify-candidate was begun 20 times/);
  });
});
