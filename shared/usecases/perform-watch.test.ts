import { expect } from "chai";
import { rollout } from "../../functions/rollout.ts";
import { verify } from "../../functions/verify.ts";
import { person } from "../../test/support/fixtures.ts";
import { type FunctionHarness, functionHarness, gantryYaml } from "../../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver, theWork } from "../../test/support/function-story.ts";
import { topics } from "../ports/bus.ts";
import { createDesk } from "./gantry-desk.ts";

const sliceMs = 20_000; // of the harness
const minute = 60_000;
const longHold = gantryYaml().replace("hold: 1m", "hold: 1h");
const longBake = gantryYaml().replace("hold: 1m", "hold: 10s").replace("bake: 1m", "bake: 1h");

/** A release whose gate passed. */
async function verified(yaml: string): Promise<FunctionHarness> {
  const harness = functionHarness();
  harness.world.files.set("gantry.yaml", yaml);
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  return harness;
}

const slicesIn = async (harness: FunctionHarness) =>
  (await harness.events(firstRelease)).filter((type) => type === "watch-went-on").length;

/** Begins the rollout, lets so much time pass, and goes on beside it. */
async function rollingFor(harness: FunctionHarness, ms: number): Promise<() => Promise<void>> {
  const rolling = handOverNow(harness);
  await harness.clock.advance(ms);
  return () => rolling;
}

const handOverNow = (harness: FunctionHarness) => handOver(harness, rollout, topics.work.rollout);

describe("a watch that lasts", () => {
  it("asks the candidate as often as ever, and writes ever more rarely", async () => {
    const harness = await verified(longBake);
    const { clock, world } = harness;
    const asked: number[] = [];
    world.status = () => {
      asked.push(clock.now());
      return 200;
    };
    await handOverNow(harness);
    expect((await harness.state()).live?.id).to.equal(firstRelease);
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? at));
    expect(Math.max(...gaps)).to.be.at.most(10_000);
    expect(await slicesIn(harness)).to.be.within(30, 45); // 180 slices of 20 s
  });

  it("takes the candidate back as soon as ever, however long the slice is", async () => {
    const harness = await verified(longBake);
    const { clock, world } = harness;
    const badAt = clock.now() + 50 * minute;
    world.status = () => (clock.now() >= badAt ? 500 : 200);
    await handOverNow(harness);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.status).to.equal("rolled-back");
    expect((record?.endedAt ?? 0) - badAt).to.be.within(0, sliceMs);
  });

  it("writes at once that it sees nothing", async () => {
    const harness = await verified(longBake);
    const { clock, world } = harness;
    const awayAt = clock.now() + 40 * minute;
    world.status = () => (clock.now() >= awayAt ? 429 : 200);
    await rollingFor(harness, 41 * minute);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.checks.map(({ verdict }) => verdict)).to.include("inconclusive");
    expect((record?.updatedAt ?? 0) - awayAt).to.be.within(0, 2 * sliceMs);
  });

  it("goes on within one window of a resume that comes after the hold, however long it was paused", async () => {
    const harness = await verified(longHold);
    const { deps, clock, world } = harness;
    const desk = createDesk(deps);
    const rolled = await rollingFor(harness, minute);
    await desk.pause({ releaseId: firstRelease, by: person });
    await clock.advance(100 * minute);
    expect(world.moved).to.have.length(1);
    const slices = await slicesIn(harness);
    await clock.advance(5 * minute);
    expect(await slicesIn(harness), "it is in a long slice").to.be.at.most(slices + 1);
    await desk.resume({ releaseId: firstRelease, by: person });
    await clock.advance(sliceMs + 1_000);
    expect(world.moved).to.have.length(2);
    await rolled();
  });

  it("begins with the shortest slice again where somebody died in a long one, and loses no more than that", async () => {
    const harness = await verified(longBake);
    const { deps, clock } = harness;
    await rollingFor(harness, 45 * minute);
    deps.running.stopAll(); // as a process does that ends
    await clock.advance(1_000);
    const work = await theWork(harness);
    expect(work).to.include({ kind: "watch", claimedBy: null });
    const before = await slicesIn(harness);
    await rollingFor(harness, sliceMs + 2_000);
    expect(await slicesIn(harness)).to.equal(before + 1);
  });
});
