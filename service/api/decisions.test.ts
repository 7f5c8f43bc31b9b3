import { expect } from "chai";
import { verify } from "../../functions/verify.ts";
import { topics } from "../../shared/ports/bus.ts";
import { createDesk } from "../../shared/usecases/gantry-desk.ts";
import { functionHarness, gantryYaml, openPolicy } from "../../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "../../test/support/function-story.ts";
import { asOperator, jsonOf, serviceHarness } from "../../test/support/service-harness.ts";

const yaml = gantryYaml("approval: { required: true, from: [olivia], expires: 1h }");

/** The API before a real desk, with a release that waits for the approval of the operator's own name. */
async function waiting(changes: Parameters<typeof openPolicy>[0] = {}) {
  const harness = functionHarness({ policy: openPolicy(changes) });
  harness.world.files.set("gantry.yaml", yaml);
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  const { deps } = harness;
  const { app } = serviceHarness({ desk: createDesk(deps), store: deps.store, clock: deps.clock });
  const path = `/api/v1/releases/${firstRelease}`;
  const post = async (verb: string, body: unknown = {}) => {
    const answer = await app.request(`${path}/${verb}`, {
      method: "POST",
      body: JSON.stringify(body),
      ...asOperator,
    });
    return { status: answer.status, body: await jsonOf(answer) };
  };
  return { harness, post, show: async () => jsonOf(await app.request(path, asOperator)) };
}

describe("decisions through the API", () => {
  it("shows the request that is awaited, and takes a decision about just that one", async () => {
    const { harness, post, show } = await waiting();
    const shown = await show();
    expect(shown).to.deep.include({
      approval: { id: "abcdefghabcdefgh", expiresAt: harness.clock.now() + 3_600_000 },
    });
    const { status, body } = await post("approve", { approvalId: "abcdefghabcdefgh" });
    expect(status).to.equal(202);
    expect(body).to.include({ status: "rolling-out" });
    expect(await show()).to.deep.include({
      approval: null,
      approvedBy: [{ kind: "person", name: "olivia", via: "api" }],
    });
  });

  for (const verb of ["approve", "reject"])
    it(`refuses to ${verb} without the request that was seen, and names what to send`, async () => {
      const { harness, post, show } = await waiting();
      for (const sent of [{}, { approvalId: null }, { approvalId: "another" }, { approvalId: "" }]) {
        const { status, body } = await post(verb, sent);
        expect(status).to.equal(409);
        expect(body).to.include({ code: "approval-void" });
      }
      expect((await post(verb)).body["detail"]).to.include("send `approvalId`, which is `approval.id` of");
      expect(await show()).to.include({ status: "awaiting-approval" });
      const story = await harness.deps.store.releaseEvents(firstRelease);
      const refused = story.filter(({ event }) => event.type === "decision-refused");
      expect(refused).to.have.length(5);
      expect(refused[0]?.event).to.deep.include({ wanted: verb, code: "approval-void" });
    });

  it("answers 400 to an approvalId that is no text", async () => {
    const { post } = await waiting();
    for (const approvalId of [7, {}, ["a"], "x".repeat(201)])
      expect((await post("approve", { approvalId })).status).to.equal(400);
  });

  it("knows the author under every name that the policy lists", async () => {
    const { post } = await waiting({
      people: { robin: { github: ["ada", "olivia"], slack: [], google: [] } },
    });
    const { status, body } = await post("approve", { approvalId: "abcdefghabcdefgh" });
    expect(status).to.equal(403);
    expect(body).to.include({ code: "self-approval", detail: "robin pushed v1.0.0 and may not approve it." });
  });

  it("pauses, resumes and promotes what is rolling out, and nothing else", async () => {
    const { post, show } = await waiting();
    for (const verb of ["pause", "resume", "promote"])
      expect((await post(verb)).body).to.include({ code: "not-rolling-out" });
    await post("approve", { approvalId: "abcdefghabcdefgh" });
    expect((await post("resume")).body).to.include({ code: "not-paused" });
    expect((await post("pause")).status).to.equal(202);
    expect(await show()).to.include({ paused: true });
    expect((await post("pause")).status).to.equal(202);
    expect((await post("resume")).status).to.equal(202);
    expect(await show()).to.include({ paused: false });
    expect((await post("promote")).status).to.equal(202);
    expect(await show()).to.include({ nextPercent: 100, percent: 0 });
  });
});
