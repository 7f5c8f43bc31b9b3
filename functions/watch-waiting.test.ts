import { expect } from "chai";
import { topics } from "../shared/ports/bus.ts";
import { createDesk } from "../shared/usecases/gantry-desk.ts";
import { person } from "../test/support/fixtures.ts";
import { type FunctionHarness, functionHarness, gantryYaml } from "../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "../test/support/function-story.ts";
import { rollout } from "./rollout.ts";
import { verify } from "./verify.ts";

const minute = 60_000;
const approver = { kind: "person", name: "maya" } as const;
const checked = `verify: { checks: [{ name: health, get: /health, status: 200 }] }
approval: { required: true, from: [maya], expires: 1h }`;

/** A release that waits for approval, and how often its candidate was asked. */
async function waiting(): Promise<FunctionHarness & Readonly<{ asked: () => number }>> {
  const harness = functionHarness({ settings: { watchWaitingEveryMs: 10 * minute } });
  harness.world.files.set("gantry.yaml", gantryYaml(checked));
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  let asked = 0;
  const { status } = harness.world;
  harness.world.status = () => {
    asked += 1;
    return status();
  };
  return { ...harness, asked: () => asked };
}

const look = (harness: FunctionHarness) => handOver(harness, rollout, topics.work.rollout);

async function decide({ deps }: FunctionHarness, verb: "approve" | "reject") {
  const approvalId = (await deps.store.release(firstRelease))?.approval?.id ?? "abcdefghabcdefgh";
  return createDesk(deps)[verb]({ releaseId: firstRelease, by: approver, approvalId, reason: "" });
}

describe("functions/rollout: while approval is awaited", () => {
  it("looks at the candidate at once, and again only when the interval is over", async () => {
    const harness = await waiting();
    await look(harness);
    const once = harness.asked();
    expect(once).to.be.above(0);
    await look(harness);
    await harness.clock.advance(10 * minute - 20_000);
    await look(harness);
    expect(harness.asked()).to.equal(once);
    const [watch] = (await harness.deps.store.owedWork(harness.world.service)).filter(
      ({ kind }) => kind === "watch-waiting",
    );
    expect(watch?.claimedBy).to.equal(null);
    await harness.clock.advance(20_000);
    await look(harness);
    expect(harness.asked()).to.equal(2 * once);
  });

  it("writes nothing into the story as long as the candidate is well", async () => {
    const harness = await waiting();
    const before = await harness.events(firstRelease);
    for (let n = 0; n < 3; n += 1) {
      await look(harness);
      await harness.clock.advance(11 * minute);
    }
    expect(await harness.events(firstRelease)).to.deep.equal(before);
    expect(await decide(harness, "approve")).to.include({ ok: true, status: "rolling-out" });
  });

  it("fails a release whose candidate goes bad, clears it away, and refuses an approval that comes later", async () => {
    const harness = await waiting();
    await look(harness);
    harness.world.status = () => 503;
    await harness.clock.advance(11 * minute);
    await look(harness);
    const record = await harness.deps.store.release(firstRelease);
    expect(record).to.include({ status: "failed", approval: null });
    expect(record?.failure?.code).to.equal("watch-failed");
    expect(record?.failure?.message).to.match(/^The candidate went bad while it waited for approval: /);
    for (const verb of ["approve", "reject"] as const)
      expect(await decide(harness, verb)).to.include({ ok: false, code: "no-approval-awaited" });
    expect((await harness.events(firstRelease)).filter((type) => type === "decision-refused")).to.have.length(
      2,
    );
    expect(harness.world.moved).to.deep.equal([]);
    expect(harness.world.removed).to.deep.equal([firstRelease]);
    expect(await harness.deps.store.owedWork(harness.world.service)).to.deep.equal([]);
  });

  it("goes on looking when Cloud Run does not answer, and says nothing of the candidate by that", async () => {
    const harness = await waiting();
    harness.deps.run.readService = () => Promise.reject(new Error("connection reset"));
    await look(harness);
    expect(await harness.deps.store.release(firstRelease)).to.include({ status: "awaiting-approval" });
    expect(await decide(harness, "approve")).to.include({ ok: true });
  });

  it("does not look any more once it is approved", async () => {
    const harness = await waiting();
    await decide(harness, "approve");
    const kinds = (await harness.deps.store.owedWork(harness.world.service)).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(["move-traffic"]);
  });
});

describe("functions/rollout: while a rollout is paused", () => {
  it("watches in whole slices past the hold, takes no step, and goes on once resumed", async () => {
    const harness = functionHarness();
    await deployedRelease(harness);
    await handOver(harness, verify, topics.work.verify);
    const desk = createDesk(harness.deps);
    const going = look(harness);
    await harness.clock.advance(5_000);
    expect(await desk.pause({ releaseId: firstRelease, by: person })).to.include({ ok: true });
    await harness.clock.advance(10 * minute);
    expect(harness.world.moved).to.have.length(1);
    const slices = (await harness.events(firstRelease)).filter((type) => type === "watch-went-on");
    expect(slices.length).to.be.within(15, 40);
    expect(await desk.resume({ releaseId: firstRelease, by: person })).to.include({ ok: true });
    await harness.finished(going);
    expect((await harness.state()).live?.id).to.equal(firstRelease);
  });

  it("takes the last step next when it is promoted in the middle of a hold", async () => {
    const harness = functionHarness();
    await deployedRelease(harness);
    await handOver(harness, verify, topics.work.verify);
    const going = look(harness);
    await harness.clock.advance(5_000);
    const desk = createDesk(harness.deps);
    expect(await desk.promote({ releaseId: firstRelease, by: person })).to.include({ ok: true });
    await harness.finished(going);
    await look(harness);
    const { live } = await harness.state();
    expect(live?.id).to.equal(firstRelease);
    expect(harness.world.moved.map((split) => split.length)).to.deep.equal([2, 1]);
    expect((live?.since ?? 0) - (live?.requestedAt ?? 0)).to.be.below(2 * minute);
  });
});
