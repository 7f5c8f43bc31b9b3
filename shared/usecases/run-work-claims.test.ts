import { expect } from "chai";
import { deploying, runAway, theWork, withStore } from "../../test/support/function-story.ts";
import { settle } from "../../test/support/manual-clock.ts";
import { workOn } from "./run-work.ts";

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
});
