import { expect } from "chai";
import {
  commitOf,
  image,
  person,
  releaseId,
  releaseRecord,
  serviceState,
} from "../../test/support/fixtures.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import { quarantined } from "../../test/support/quarantine.ts";
import { createDesk } from "./gantry-desk.ts";

describe("the desk, asked to free an image", () => {
  async function withQuarantine() {
    const harness = functionHarness();
    const state = serviceState({ active: null, quarantine: [quarantined("d1"), quarantined("d2")] });
    await harness.deps.store.commit(
      commitOf({ state, releases: [releaseRecord({ status: "rolled-back" })] }),
    );
    return { ...harness, desk: createDesk(harness.deps), service: state.key };
  }

  it("takes it out of the quarantine, keeps who did it, and says what to type", async () => {
    const { desk, service, state, events } = await withQuarantine();
    const answer = await desk.freeDigest({ service, digest: image("d1").digest, by: person });
    expect(answer).to.deep.equal({
      ok: true,
      releaseId: releaseId(),
      status: "rolled-back",
      message: "The image sha256:d10000000000 of v1.0.0 may be released again: gantry deploy v1.0.0",
    });
    expect((await state()).quarantine.map(({ digest }) => digest)).to.deep.equal([image("d2").digest]);
    expect(await events(releaseId())).to.include("digest-freed");
  });

  it("says so when it is not in quarantine, also the second time", async () => {
    const { desk, service } = await withQuarantine();
    const free = () => desk.freeDigest({ service, digest: image("d1").digest, by: person });
    await free();
    expect(await free()).to.include({
      ok: false,
      code: "not-quarantined",
      next: `gantry quarantine list ${service}`,
    });
  });
});
