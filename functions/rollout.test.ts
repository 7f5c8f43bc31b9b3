import { expect } from "chai";
import { AppError } from "../shared/ports/app-error.ts";
import { topics } from "../shared/ports/bus.ts";
import { createDesk } from "../shared/usecases/gantry-desk.ts";
import { person, revisionName } from "../test/support/fixtures.ts";
import { type FunctionHarness, functionHarness, gantryYaml } from "../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "../test/support/function-story.ts";
import { rollback } from "./rollback.ts";
import { rollout } from "./rollout.ts";
import { verify } from "./verify.ts";

const kinds = async ({ deps, world }: FunctionHarness) =>
  (await deps.store.owedWork(world.service)).map(({ kind }) => kind);

/** A release whose gate passed. */
async function verified(yaml = gantryYaml()): Promise<FunctionHarness> {
  const harness = functionHarness();
  harness.world.files.set("gantry.yaml", yaml);
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  return harness;
}

describe("functions/verify: the gate", () => {
  it("passes a good candidate on to the rollout, which another function does", async () => {
    const harness = await verified();
    expect((await harness.state()).active).to.include({ status: "rolling-out", step: 0, movedAt: null });
    expect(await kinds(harness)).to.deep.equal(["move-traffic"]);
    expect(harness.world.moved).to.deep.equal([]);
  });

  it("fails a bad candidate, moves no traffic, and clears away in the same invocation", async () => {
    const harness = functionHarness();
    harness.world.status = () => 500;
    await deployedRelease(harness);
    await handOver(harness, verify, topics.work.verify);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.status).to.equal("failed");
    expect(record?.failure?.code).to.equal("gate-failed");
    expect(harness.world.moved).to.deep.equal([]);
    expect(harness.world.removed).to.deep.equal([firstRelease]);
    expect(await kinds(harness)).to.deep.equal([]);
  });

  it("waits for approval where gantry.yaml asks for it, and ends when nobody gives it", async () => {
    const harness = await verified(gantryYaml("approval: { required: true, from: [maya], expires: 1h }"));
    expect((await harness.state()).active).to.include({ status: "awaiting-approval" });
    await handOver(harness, rollout, topics.work.rollout);
    expect((await harness.state()).active).to.include({ status: "awaiting-approval" });
    await harness.clock.advance(3_600_000);
    await handOver(harness, rollout, topics.work.rollout);
    const record = await harness.deps.store.release(firstRelease);
    expect(record).to.deep.include({
      status: "rejected",
      failure: { code: "approval-expired", message: "Nobody approved v1.0.0 in time." },
    });
  });
});

describe("functions/rollout: traffic in steps", () => {
  it("moves, watches, bakes and clears away in one invocation", async () => {
    const harness = await verified();
    await handOver(harness, rollout, topics.work.rollout);
    const { candidate, stable, moved, removed } = harness.world;
    expect((await harness.state()).live).to.deep.include({ id: firstRelease, stable });
    expect(moved).to.deep.equal([
      [
        { revision: stable, percent: 90 },
        { revision: candidate.revision, percent: 10 },
      ],
      [{ revision: candidate.revision, percent: 100 }],
    ]);
    expect(removed).to.deep.equal([firstRelease]);
    expect(await kinds(harness)).to.deep.equal([]);
  });

  it("restores stable in the same invocation when the candidate goes bad under traffic", async () => {
    const harness = await verified();
    harness.world.status = () => (harness.world.moved.length > 0 ? 500 : 200);
    await handOver(harness, rollout, topics.work.rollout);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.status).to.equal("rolled-back");
    expect(record?.failure?.message).to.match(/^The candidate went bad under traffic: errors: 3 of 3 failed/);
    expect(harness.world.split).to.deep.equal([{ revision: harness.world.stable, percent: 100 }]);
    expect((await harness.state()).quarantine).to.have.length(1);
  });

  it("holds instead where gantry.yaml says so, and leaves the traffic", async () => {
    const harness = await verified(gantryYaml().replace("bake: 1m", "bake: 1m\n  onFailure: hold"));
    harness.world.status = () => (harness.world.moved.length > 0 ? 500 : 200);
    await handOver(harness, rollout, topics.work.rollout);
    expect((await harness.state()).active).to.include({ status: "held" });
    expect(harness.world.moved).to.have.length(1);
    expect(await kinds(harness)).to.deep.equal([]);
  });

  it("stops and waits for a person when somebody moved the traffic before a step", async () => {
    const harness = await verified();
    const found = [{ revision: revisionName("somebody-elses"), percent: 100 }];
    harness.world.move = async () => ({ outcome: "drifted", found });
    await handOver(harness, rollout, topics.work.rollout);
    expect((await harness.state()).active).to.deep.include({ status: "held", found });
  });

  it("counts traffic that somebody moved back to stable during a watch as a rollback", async () => {
    const harness = await verified();
    const { world } = harness;
    const going = handOver(harness, rollout, topics.work.rollout);
    const byHand = async () => {
      await harness.clock.advance(5_000);
      world.split = [{ revision: world.stable, percent: 100 }];
    };
    await Promise.all([going, byHand()]);
    expect(await harness.deps.store.release(firstRelease)).to.deep.include({ status: "rolled-back" });
  });

  it("goes back when Cloud Run refuses a step", async () => {
    const harness = await verified();
    const { stable } = harness.world;
    harness.world.move = async (to) =>
      to.length === 1 && to[0]?.revision === stable
        ? { outcome: "effective" }
        : { outcome: "refused", message: "the revision is not ready", found: [] };
    await handOver(harness, rollout, topics.work.rollout);
    const record = await harness.deps.store.release(firstRelease);
    expect(record).to.deep.include({
      status: "rolled-back",
      failure: {
        code: "traffic-write-failed",
        message: "Cloud Run did not move 10 % to the candidate: the revision is not ready",
      },
    });
  });

  it("tries to restore stable again and again until Cloud Run does it", async () => {
    const harness = await verified();
    let refusals = 8;
    harness.world.move = async (to) => {
      if (to.length > 1) return { outcome: "effective" };
      refusals -= 1;
      if (refusals > 4) return { outcome: "refused", message: "no capacity", found: [] };
      if (refusals > 0) throw new AppError({ code: "run-denied", message: "403", transient: false });
      return { outcome: "effective" };
    };
    harness.world.status = () => (harness.world.moved.length > 0 ? 500 : 200);
    await handOver(harness, rollout, topics.work.rollout);
    for (let turn = 0; turn < 12; turn += 1) {
      await harness.clock.advance(15_000);
      await handOver(harness, rollback, topics.work.rollback);
    }
    expect(await harness.deps.store.release(firstRelease)).to.deep.include({ status: "rolled-back" });
    expect(
      harness.lines.filter(({ message }) => message === "Work failed and is tried again"),
    ).to.have.length(7);
  });
});

describe("functions/rollback: the way back", () => {
  it("restores stable at once when a person asks for it, over whatever there is", async () => {
    const harness = await verified();
    const going = handOver(harness, rollout, topics.work.rollout);
    await harness.clock.advance(5_000);
    const desk = createDesk(harness.deps);
    const answer = await desk.rollBack({
      service: harness.world.service,
      to: null,
      by: person,
      reason: "slow",
    });
    expect(answer).to.deep.include({ ok: true, releaseId: firstRelease, status: "rolling-back" });
    await going;
    await handOver(harness, rollback, topics.work.rollback);
    expect(harness.world.moved.at(-1)).to.deep.equal([{ revision: harness.world.stable, percent: 100 }]);
    expect((await harness.deps.store.release(firstRelease))?.failure?.message).to.equal(
      "ada rolled v1.0.0 back: slow.",
    );
  });

  it("takes a first deploy away with its service, for there is nothing to go back to", async () => {
    const harness = functionHarness();
    const { world } = harness;
    world.deploy = async () => ({ outcome: "ready", candidate: world.candidate, stable: null });
    world.split = [{ revision: world.candidate.revision, percent: 100 }];
    await deployedRelease(harness);
    await handOver(harness, verify, topics.work.verify);
    world.status = () => 500;
    await handOver(harness, rollout, topics.work.rollout);
    expect(await harness.deps.store.release(firstRelease)).to.deep.include({ status: "rolled-back" });
    expect(world.removed).to.include(firstRelease);
  });

  it("leaves traffic that somebody moved elsewhere during an automatic return", async () => {
    const harness = await verified();
    const found = [{ revision: revisionName("somebody-elses"), percent: 100 }];
    harness.world.move = async (to) =>
      to.length > 1 ? { outcome: "effective" } : { outcome: "drifted", found };
    harness.world.status = () => (harness.world.moved.length > 0 ? 500 : 200);
    await handOver(harness, rollout, topics.work.rollout);
    expect((await harness.state()).active).to.deep.include({ status: "held", found });
  });
});
