import { expect } from "chai";
import { rollout } from "../../functions/rollout.ts";
import { verify } from "../../functions/verify.ts";
import { person, releaseId } from "../../test/support/fixtures.ts";
import {
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  openPolicy,
  releaseRequest,
} from "../../test/support/function-harness.ts";
import {
  deployedRelease,
  firstRelease,
  handOver,
  startedRelease,
} from "../../test/support/function-story.ts";
import type { Policy } from "../domain/policy.ts";
import type { Actor } from "../domain/service-state.ts";
import { topics } from "../ports/bus.ts";
import { createDesk } from "./gantry-desk.ts";
import { releaseIdFor } from "./release-id.ts";

const maya: Actor = { kind: "person", name: "maya" };
const joe: Actor = { kind: "person", name: "joe" };

/** What the ids of the harness make of the request. */
const approvalId = "abcdefghabcdefgh";

/** A release that waits for one of the on-call people; ada asked for it. */
async function awaiting(
  approval = 'from: ["@ml-oncall"]',
  changes: Partial<Policy> = {},
): Promise<FunctionHarness> {
  const approvers = { "@ml-oncall": ["maya", "ada", "U0MAYA", "U0ADA"], "@others": ["joe"] };
  const policy = openPolicy({ approvers, ...changes });
  const harness = functionHarness({ policy });
  harness.world.files.set(
    "gantry.yaml",
    gantryYaml(`approval: { required: true, ${approval}, expires: 1h }`),
  );
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  return harness;
}

describe("the desk", () => {
  it("publishes a request and names the release that it leads to", async () => {
    const { deps, published } = functionHarness();
    const request = releaseRequest({ requestId: "api/7" });
    expect(await createDesk(deps).requestRelease(request)).to.deep.equal({
      releaseId: releaseIdFor("api/7"),
    });
    expect(published).to.deep.equal([{ topic: topics.releases, id: "api/7", data: request }]);
  });

  it("takes the approval of somebody in a group that may give it", async () => {
    const { deps, state } = await awaiting();
    const answer = await createDesk(deps).approve({ releaseId: firstRelease, by: maya, approvalId });
    expect(answer).to.deep.equal({
      ok: true,
      releaseId: firstRelease,
      status: "rolling-out",
      message: "v1.0.0 is getting traffic in steps.",
    });
    expect((await state()).active).to.include({ status: "rolling-out" });
  });

  it("hands the rollout off to its function", async () => {
    const { deps, engine } = await awaiting();
    const got: unknown[] = [];
    const subscription = { ackDeadlineMs: 1000, maxAttempts: 1, minBackoffMs: 1, maxBackoffMs: 1 };
    engine.bus.subscribe({
      ...subscription,
      name: "test",
      topic: topics.work.rollout,
      handler: async (event) => {
        got.push(JSON.parse(Buffer.from(event.data.message.data, "base64").toString()));
      },
    });
    await createDesk(deps).approve({ releaseId: firstRelease, by: maya, approvalId });
    engine.bus.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(got).to.deep.equal([
      { service: "gantry-test/europe-west1/background-removal", work: `${firstRelease}/move-traffic/0` },
    ]);
    await engine.close();
  });

  const no: readonly (readonly [string, Actor, string, string])[] = [
    [
      "of somebody in another group",
      joe,
      "not-an-approver",
      "joe may not decide on v1.0.0; these may: @ml-oncall.",
    ],
    ["of the author", person, "self-approval", "ada pushed v1.0.0 and may not approve it."],
  ];
  for (const [what, by, code, message] of no)
    it(`refuses the approval ${what}`, async () => {
      const { deps } = await awaiting();
      const answer = await createDesk(deps).approve({ releaseId: firstRelease, by, approvalId });
      expect(answer).to.deep.equal({
        ok: false,
        code,
        message,
        next: `gantry releases show ${firstRelease}`,
      });
    });

  it("refuses a decision about another request or about none, and writes down who wanted it", async () => {
    const { deps, state } = await awaiting();
    const desk = createDesk(deps);
    const before = await state();
    for (const seen of [null, "", "another"])
      expect(await desk.approve({ releaseId: firstRelease, by: maya, approvalId: seen })).to.include({
        ok: false,
        code: "approval-void",
      });
    expect(await desk.pause({ releaseId: firstRelease, by: joe })).to.include({ code: "not-rolling-out" });
    expect(await state()).to.deep.equal(before);
    const refused = (await deps.store.releaseEvents(firstRelease)).flatMap(({ event }) =>
      event.type === "decision-refused" ? [`${event.by.name} ${event.wanted} ${event.code}`] : [],
    );
    expect(refused).to.deep.equal([
      ...Array.from({ length: 3 }, () => "maya approve approval-void"),
      "joe pause not-rolling-out",
    ]);
  });

  describe("knows a person under every name", () => {
    const people = {
      Ada: { github: ["ada", "ada-works"], slack: ["U0ADA"], google: [] },
      maya: { github: ["maya-codes"], slack: ["U0MAYA"], google: [] },
    };
    const cases: readonly (readonly [string, Actor, string | null])[] = [
      ["the author under their one name", { kind: "person", name: "ada" }, "self-approval"],
      ["the author in capitals", { kind: "person", name: "ADA" }, "self-approval"],
      ["the author under another login", { kind: "person", name: "Ada-Works" }, "self-approval"],
      ["the author in chat", { kind: "person", name: "somebody", id: "U0ADA" }, "self-approval"],
      ["an approver in chat", { kind: "person", name: "M.", id: "U0MAYA" }, null],
      ["an approver under a login", { kind: "person", name: "maya-codes" }, null],
      ["a stranger in chat", { kind: "person", name: "joe", id: "U0JOE" }, "not-an-approver"],
    ];
    for (const [who, by, code] of cases)
      it(code === null ? `takes the approval of ${who}` : `refuses ${who} as ${code}`, async () => {
        const { deps } = await awaiting('from: ["@ml-oncall"]', { people });
        expect((await deps.store.release(firstRelease))?.requestedBy.name).to.equal("Ada");
        const answer = await createDesk(deps).approve({ releaseId: firstRelease, by, approvalId });
        if (code === null) expect(answer).to.include({ ok: true });
        else expect(answer).to.include({ ok: false, code });
      });
  });

  it("takes a name that is listed itself", async () => {
    const { deps } = await awaiting("from: [joe]");
    expect(await createDesk(deps).approve({ releaseId: firstRelease, by: joe, approvalId })).to.include({
      ok: true,
    });
  });

  it("refuses an approval once its time is over", async () => {
    const { deps, clock } = await awaiting();
    await clock.advance(3_600_000);
    const answer = await createDesk(deps).approve({ releaseId: firstRelease, by: maya, approvalId });
    expect(answer).to.include({ ok: false, code: "approval-expired" });
  });

  it("takes a rejection, and clears the candidate away", async () => {
    const { deps } = await awaiting();
    const answer = await createDesk(deps).reject({
      releaseId: firstRelease,
      by: maya,
      approvalId,
      reason: "too slow",
    });
    expect(answer).to.deep.include({ ok: true, status: "rejected", message: "v1.0.0 was rejected." });
    expect((await deps.store.release(firstRelease))?.failure?.message).to.equal(
      "maya rejected v1.0.0: too slow.",
    );
  });

  for (const verb of ["cancel", "approve", "reject", "pause", "resume", "promote"] as const)
    it(`refuses to ${verb} a release that there is not`, async () => {
      const { deps } = functionHarness();
      const answer = await createDesk(deps)[verb]({
        releaseId: releaseId("r-unknown"),
        by: maya,
        approvalId,
        reason: "",
      });
      expect(answer).to.deep.equal({
        ok: false,
        code: "release-not-found",
        message: "There is no release r-unknown.",
        next: "gantry releases list",
      });
    });

  it("refuses to roll back what Gantry never released", async () => {
    const { deps, world } = functionHarness();
    const answer = await createDesk(deps).rollBack({
      service: world.service,
      to: null,
      by: maya,
      reason: "",
    });
    expect(answer).to.deep.include({ ok: false, code: "nothing-to-roll-back-to" });
  });

  it("cancels a release without traffic, and answers the same twice only in words", async () => {
    const harness = functionHarness();
    await startedRelease(harness);
    const desk = createDesk(harness.deps);
    expect(await desk.cancel({ releaseId: firstRelease, by: maya, reason: "" })).to.include({
      status: "cancelled",
    });
    expect(await desk.cancel({ releaseId: firstRelease, by: maya, reason: "" })).to.include({
      ok: false,
      code: "not-running",
    });
  });

  it("rolls the live release back to the revision before it", async () => {
    const harness = functionHarness();
    await deployedRelease(harness);
    await handOver(harness, verify, topics.work.verify);
    await handOver(harness, rollout, topics.work.rollout);
    const desk = createDesk(harness.deps);
    const { service, stable } = harness.world;
    const answer = await desk.rollBack({ service, to: null, by: maya, reason: "it leaks" });
    expect(answer).to.deep.include({ ok: true, releaseId: firstRelease, status: "rolling-back" });
    expect((await harness.state()).active).to.include({ status: "rolling-back", target: stable });
  });
});
