import { expect } from "chai";
import { verify } from "../../functions/verify.ts";
import { functionHarness, gantryYaml } from "../../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "../../test/support/function-story.ts";
import { topics } from "../ports/bus.ts";

describe("a gate whose store does not tell of earlier releases", () => {
  it("says so in the log, and judges the candidate all the same", async () => {
    const harness = functionHarness();
    harness.world.files.set("gantry.yaml", gantryYaml("verify: { coldStart: { within: 60s }, within: 1m }"));
    await deployedRelease(harness);
    harness.deps.store.releases = () => Promise.reject(new Error("9 FAILED_PRECONDITION: no index"));
    await handOver(harness, verify, topics.work.verify);
    expect(await harness.events(firstRelease)).to.include("gate-failed");
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.checks.map(({ name }) => name)).to.include("cold start");
    const said = harness.lines.filter(({ err }) => String(err).includes("no index"));
    expect(said.map(({ level }) => level)).to.deep.equal(["warn"]);
  });
});
