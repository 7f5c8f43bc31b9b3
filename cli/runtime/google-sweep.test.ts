import { expect } from "chai";
import { commitOf, serviceKey, work } from "../../test/support/fixtures.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import { sweepOn } from "./google-sweep.ts";

const pace = { forMs: 55_000, everyMs: 2_000 };

/** How often one call of the clock looked, and for how long, while work falls due after each of these times. */
async function called(...dueInMs: readonly number[]) {
  const { deps, clock, finished } = functionHarness();
  const now = clock.now();
  const owed = dueInMs.map((ms, n) => ({ ...work(), id: `w${n}`, dueAt: now + ms }));
  const { state } = await deps.store.load(serviceKey());
  await deps.store.commit(commitOf({ service: serviceKey(), expectedVersion: 0, state, owed }));
  let looks = 0;
  const publishLeft = async (): Promise<void> => {
    looks += 1;
  };
  await finished(sweepOn({ ...deps, chat: null, forge: null }, { pace, publishLeft }));
  return { looks, tookMs: clock.now() - now };
}

describe("one call of the clock on Google Cloud", () => {
  it("looks once where nothing falls due before the next", async () => {
    expect(await called()).to.deep.equal({ looks: 1, tookMs: 0 });
    expect(await called(60_000)).to.deep.equal({ looks: 1, tookMs: 0 });
  });

  it("goes on while something falls due before the next, and ends before it comes", async () => {
    const { looks, tookMs } = await called(10_000);
    expect(looks).to.be.above(5);
    expect(tookMs).to.be.above(10_000);
    expect(tookMs).to.be.below(pace.forMs);
  });
});
