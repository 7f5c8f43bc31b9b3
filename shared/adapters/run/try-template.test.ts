import { expect } from "chai";
import { type LocalRun, newService, requestFor, startLocalRun } from "../../../test/support/local-run.ts";
import type { ServiceKey } from "../../domain/ids.ts";
import { quotaIn } from "../../domain/preflight-quota.ts";
import type { Guardrails } from "../../domain/release-config.ts";
import type { TemplateTrialOutcome } from "../../ports/run.ts";

const { guardrails: none } = requestFor(newService(), "00000001");
const gpu: Guardrails = {
  ...none,
  gpu: { type: "nvidia-l4", count: 1 },
  cpu: 4,
  memoryBytes: 16 * 2 ** 30,
  instances: { min: 0, max: 2 },
};

describe("asking Cloud Run what it would say, with the real client", () => {
  let local: LocalRun;

  before(async () => {
    local = await startLocalRun();
  });
  after(() => local.close());
  afterEach(() => local.cloud.faults.clear());

  function ask(
    service: ServiceKey,
    guardrails: Guardrails = none,
    maxInstances: number | null = null,
  ): Promise<TemplateTrialOutcome> {
    const { releaseId, runtime } = requestFor(service, "00000002");
    return local.run.tryTemplate({ service, releaseId, runtime, guardrails, maxInstances });
  }

  it("makes no service and no revision, and changes nothing of one that is there", async () => {
    const service = newService();
    expect(await ask(service)).to.deep.equal({ outcome: "accepted" });
    expect(await local.run.readService(service)).to.equal(null);
    await local.run.deployCandidate(requestFor(service, "00000001"));
    const before = await local.run.readSettings(service);
    expect(await ask(service)).to.deep.equal({ outcome: "accepted" });
    expect(await ask(service, none, 100)).to.deep.equal({ outcome: "accepted" });
    expect(await local.run.readSettings(service)).to.deep.equal(before);
    expect(await local.run.revisions(service)).to.have.length(1);
  });

  it("tells in Cloud Run's words what a first deploy would be refused for", async () => {
    const asked = await ask(newService(), { ...gpu, cpu: 2, memoryBytes: 2 ** 30 });
    expect(asked).to.have.property("outcome", "refused");
    expect(asked)
      .to.have.property("message")
      .that.includes("CPU must be at least 4; memory must be at least 16Gi");
  });

  it("finds how many GPUs the quota allows, by asking for more than there can be", async () => {
    const service = newService();
    await local.run.deployCandidate(requestFor(service, "00000001", { guardrails: gpu }));
    expect(await ask(service, gpu)).to.deep.equal({ outcome: "accepted" });
    const asked = await ask(service, gpu, 1_000);
    if (asked.outcome !== "refused") throw new Error("it was accepted");
    expect(quotaIn(asked.message)).to.deep.equal({
      quota: "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion",
      requested: 1_000,
      allowed: 3,
    });
    local.cloud.faults.set({ name: "gpu-quota-lowered" });
    expect(await ask(service, gpu)).to.have.property("outcome", "refused");
  });

  it("throws what may pass, so that it is asked again", async () => {
    local.cloud.faults.set({ name: "unavailable", count: 9 });
    const thrown = await ask(newService()).catch((error: unknown) => error);
    expect(thrown).to.include({ code: "run-unavailable", transient: true });
  });
});
