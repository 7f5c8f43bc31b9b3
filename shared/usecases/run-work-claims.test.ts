import { expect } from "chai";
import type { FunctionHarness } from "../../test/support/function-harness.ts";
import { deploying, runAway, theWork, withStore } from "../../test/support/function-story.ts";
import { settle } from "../../test/support/manual-clock.ts";
import type { Store } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { workOn } from "./run-work.ts";

/** Work that goes on until it is called off, in a process whose renewals go otherwise; `endedAfterMs` from its claim on. */
async function endless(harness: FunctionHarness, renewClaim: Store["renewClaim"]) {
  const { deps, world, clock } = harness;
  await clock.advance(1_000);
  const from = clock.now();
  const ends: number[] = [];
  const deployCandidate: Deps["run"]["deployCandidate"] = ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        ends.push(clock.now() - from);
        reject(runAway());
      }),
    );
  const run = { ...deps.run, deployCandidate };
  const working = workOn({ ...withStore(harness, { renewClaim }), run }, "deploy", world.service);
  await settle();
  return { working, endedAfterMs: () => ends[0] };
}

const pass = ({ clock }: FunctionHarness, ms: number) =>
  clock.sleep({ ms, signal: new AbortController().signal });
const leaseMs = 30_000;

describe("the claim of workOn()", () => {
  it("is the run's, not the process's: one that stood still takes nothing from the next in its process", async () => {
    const harness = await deploying();
    const { deps, world, clock } = harness;
    await clock.advance(1_000);
    const fail: ((error: Error) => void)[] = [];
    world.deploy = () => new Promise((_, reject) => fail.push(reject));
    const frozen = withStore(harness, { renewClaim: () => new Promise(() => undefined) });
    const standing = workOn(frozen, "deploy", world.service);
    await clock.advance(31_000);
    const working = workOn(deps, "deploy", world.service);
    await settle();
    const claimed = await theWork(harness);
    expect(claimed).to.include({ attempt: 3, claimedBy: deps.settings.owner });
    fail[0]?.(runAway());
    await standing;
    expect(await theWork(harness)).to.deep.equal(claimed);
    fail[1]?.(runAway());
    await working;
    expect(await theWork(harness)).to.include({ attempt: 3, claimedBy: null });
  });

  for (const [how, afterMs] of [
    ["however long the store takes to answer a renewal", 39_000],
    ["also where the store fails between two beats", 15_000],
  ] as const) {
    it(`ends before its lease, ${how}`, async () => {
      const harness = await deploying();
      const { deps, clock } = harness;
      const { working, endedAfterMs } = await endless(harness, async () => {
        await pass(harness, afterMs);
        throw new Error("4 DEADLINE_EXCEEDED");
      });
      await clock.advance(leaseMs - 1);
      expect(endedAfterMs()).to.equal(27_000);
      await working;
      expect(await theWork(harness)).to.include({ claimedBy: null });
      expect(deps.running.count).to.equal(0);
      await clock.advance(60_000);
      expect(clock.sleeping).to.equal(0);
    });
  }

  it("lasts from when its renewal was asked for, and not from when that was answered", async () => {
    const harness = await deploying();
    const { deps, clock } = harness;
    let renewals = 0;
    const { working, endedAfterMs } = await endless(harness, async (params) => {
      renewals += 1;
      await pass(harness, renewals === 1 ? 16_000 : 60_000);
      return deps.store.renewClaim(params);
    });
    await clock.advance(39_999);
    expect(endedAfterMs()).to.equal(37_000);
    await working;
  });

  it("is kept in a store that takes longer for each renewal than lies between two of them", async () => {
    const harness = await deploying();
    const { deps, world, clock } = harness;
    await clock.advance(1_000);
    world.deploy = async () => {
      await pass(harness, 100_000);
      return { outcome: "ready", candidate: world.candidate, stable: world.stable };
    };
    const slow = withStore(harness, {
      renewClaim: async (params) => {
        await pass(harness, 12_000);
        return deps.store.renewClaim(params);
      },
    });
    const working = workOn(slow, "deploy", world.service);
    await clock.advance(99_000);
    expect(await theWork(harness)).to.include({ attempt: 2, claimedBy: deps.settings.owner });
    await harness.finished(working);
    expect((await harness.state()).active).to.include({ status: "verifying" });
  });

  it("stays given back where its renewal comes through after the work was called off", async () => {
    const harness = await deploying();
    const { deps, clock } = harness;
    const answers: boolean[] = [];
    const { working } = await endless(harness, async (params) => {
      await pass(harness, 39_000);
      answers.push(await deps.store.renewClaim(params));
      return answers[0] === true;
    });
    await clock.advance(60_000);
    await working;
    expect(answers).to.deep.equal([false]);
    expect(await theWork(harness)).to.include({ claimedBy: null, leaseUntil: null });
  });

  it("is given back after the work was called off, where its renewal came through before that", async () => {
    const harness = await deploying();
    const { deps, clock } = harness;
    const { working, endedAfterMs } = await endless(harness, async (params) => {
      await deps.store.renewClaim(params);
      await pass(harness, 39_000);
      return true;
    });
    await clock.advance(leaseMs - 1);
    await working;
    expect(endedAfterMs()).to.equal(27_000);
    await clock.advance(60_000);
    expect(await theWork(harness)).to.include({ claimedBy: null, leaseUntil: null });
  });

  for (const { store, within, beyond } of [
    { store: "answers its renewals", within: 19_900, beyond: 20_100 },
    { store: "answers none of them", within: 2_900, beyond: 3_100 },
  ])
    it(`holds against a process whose clock is ${within} ms ahead, and not ${beyond} ms, where the store ${store}`, async () => {
      const besides: boolean[] = [];
      for (const aheadMs of [within, beyond]) {
        const harness = await deploying();
        const { deps, clock } = harness;
        const isAnswered = store === "answers its renewals";
        const { working, endedAfterMs } = await endless(harness, (params) =>
          isAnswered ? deps.store.renewClaim(params) : new Promise(() => undefined),
        );
        const other = { id: (await theWork(harness))?.id ?? "", owner: "process-2", leaseMs };
        let taken = false;
        for (let ms = 0; ms < 45_000 && !taken && endedAfterMs() === undefined; ms += 50) {
          await clock.advance(50);
          const isEnded = endedAfterMs() !== undefined;
          taken = !isEnded && (await deps.store.claimWork({ ...other, now: clock.now() + aheadMs })) !== null;
        }
        besides.push(taken);
        deps.running.stopAll();
        await working;
      }
      expect(besides).to.deep.equal([false, true]);
    });
});
