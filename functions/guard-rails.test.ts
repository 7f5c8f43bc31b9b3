import { expect } from "chai";
import { topics } from "../shared/ports/bus.ts";
import type { LookupsPort } from "../shared/ports/lookups.ts";
import { createDesk } from "../shared/usecases/gantry-desk.ts";
import type { ReleasePlan } from "../shared/usecases/plan-release.ts";
import { releaseIdFor } from "../shared/usecases/release-id.ts";
import { person, revisionName } from "../test/support/fixtures.ts";
import {
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  openPolicy,
  pubSubEvent,
  releaseRequest,
  succeeded,
} from "../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "../test/support/function-story.ts";
import { revisionSettings, serviceSettings } from "../test/support/settings.ts";
import { build } from "./build.ts";
import { deploy } from "./deploy.ts";
import { rollback } from "./rollback.ts";
import { rollout } from "./rollout.ts";
import { sweep } from "./sweep.ts";
import { verify } from "./verify.ts";

const gib = 2 ** 30;
const five = 5 * 60_000;
const guarded = "guardrails: { gpu: { type: nvidia-l4 }, memory: 32Gi }";

function harnessWith(extra = guarded): FunctionHarness {
  const harness = functionHarness({ settings: { driftEveryMs: five } });
  harness.world.files.set("gantry.yaml", gantryYaml(extra));
  return harness;
}

async function ask(
  { deps, finished }: FunctionHarness,
  changes: Parameters<typeof releaseRequest>[0] = {},
): Promise<void> {
  await finished(build(deps)(pubSubEvent(topics.releases, releaseRequest(changes))));
}

/** A release that went live, with nothing left to do but to look at the service. */
async function liveRelease(harness: FunctionHarness): Promise<void> {
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  for (let turn = 0; turn < 10; turn += 1) await handOver(harness, rollout, topics.work.rollout);
  await handOver(harness, rollback, topics.work.rollback);
}

/** The look that the sweep hands off. */
async function look(harness: FunctionHarness): Promise<void> {
  await harness.clock.advance(five);
  const call = { service: harness.world.service, work: "any" };
  const event = pubSubEvent(topics.sweep, call);
  const message = { ...event.data.message, attributes: { kind: "check-drift" } };
  await harness.finished(sweep(harness.deps)({ ...event, data: { ...event.data, message } }));
}

describe("guard rails, before the build", () => {
  it("stop a release that finds another memory, build nothing, and say what was found", async () => {
    const harness = harnessWith();
    harness.world.settings = serviceSettings({ memoryBytes: 16 * gib });
    await ask(harness);
    expect(await harness.events(firstRelease)).to.deep.equal([
      "release-requested",
      "release-began",
      "preflight-failed",
      "release-failed",
    ]);
    expect(harness.world.builds).to.deep.equal([]);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.failure?.code).to.equal("guardrail-broken");
    expect(record?.findings?.[0]?.rows).to.deep.equal([{ setting: "memory", wanted: "32Gi", found: "16Gi" }]);
  });

  it("let it go on where a person allowed that by name, and keep who and why", async () => {
    const harness = harnessWith();
    harness.world.settings = serviceSettings({ memoryBytes: 16 * gib });
    await ask(harness, { allowChange: { settings: ["memory"], reason: "smaller model" } });
    expect(harness.world.builds).to.have.length(1);
    const events = await harness.deps.store.releaseEvents(firstRelease);
    expect(events.map(({ event }) => event).find(({ type }) => type === "change-allowed")).to.deep.include({
      by: person,
      reason: "smaller model",
    });
  });

  it("stop one that a person allowed something else", async () => {
    const harness = harnessWith();
    harness.world.settings = serviceSettings({ memoryBytes: 16 * gib });
    await ask(harness, { allowChange: { settings: ["gpu"], reason: "no GPU" } });
    expect(harness.world.builds).to.deep.equal([]);
  });

  it("leave alone what a warm service has by its warmup", async () => {
    const instances = "guardrails: { instances: { min: 0, max: 3 } }";
    const warm = 'warmup: { days: mon..sun, hours: "09:00..21:00", zone: UTC, mode: minInstances }';
    const harness = harnessWith(`${instances}\n${warm}`);
    harness.world.settings = serviceSettings({}, { instances: { min: 1, max: null } });
    await ask(harness);
    expect(harness.world.builds).to.have.length(1);
  });
});

describe("guard rails, after the deploy", () => {
  it("fail a release at 0 % whose revision is not as promised, and take the candidate away", async () => {
    const harness = harnessWith();
    harness.world.deployed = revisionSettings({ gpu: null });
    await deployedRelease(harness);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.failure?.code).to.equal("guardrail-broken");
    expect(record?.failure?.message).to.include("gpu is none, not 1 × nvidia-l4");
    expect(await harness.events(firstRelease))
      .to.include("guardrail-broken")
      .and.not.include("gate-passed");
    expect(harness.world.removed).to.deep.equal([firstRelease]);
    expect(harness.world.moved).to.deep.equal([]);
  });

  it("let a revision pass that a person allowed to differ", async () => {
    const harness = harnessWith();
    harness.world.settings = serviceSettings({ memoryBytes: 16 * gib });
    await ask(harness, { allowChange: { settings: ["memory"], reason: "smaller model" } });
    harness.world.build = async () => succeeded();
    await handOver(harness, (deps) => build(deps), topics.work.build);
    const notice = { id: "build-1", tags: [`gantry-release-${firstRelease}`] };
    await harness.finished(deploy(harness.deps)(pubSubEvent(topics.builds, notice)));
    expect((await harness.state()).active?.status).to.equal("verifying");
  });
});

describe("what a release needs beside the service", () => {
  const secrets = [{ as: "env", at: "KEY", secret: "api-key", version: "3" }] as const;
  const found: LookupsPort = {
    imageRepository: async () => ({ state: "exists" }),
    connectedRepository: async () => ({ state: "exists" }),
    secretVersion: async () => ({ state: "usable" }),
  };

  it("is looked up before the build: a secret that is gone stops it", async () => {
    const harness = harnessWith("");
    harness.world.settings = serviceSettings({ secrets });
    const asked: unknown[] = [];
    harness.world.lookupsPort = {
      ...found,
      secretVersion: async (version) => {
        asked.push(version);
        return { state: "missing" };
      },
    };
    await ask(harness);
    expect((await harness.deps.store.release(firstRelease))?.failure?.message).to.include(
      "api-key:3 for KEY does not exist",
    );
    expect(asked).to.deep.equal([{ project: "gantry-test", secret: "api-key", version: "3" }]);
  });

  it("is looked up before the build: an image repository that there is none of stops it", async () => {
    const harness = harnessWith("");
    harness.world.lookupsPort = { ...found, imageRepository: async () => ({ state: "missing" }) };
    await ask(harness);
    expect((await harness.deps.store.release(firstRelease))?.failure?.message).to.include(
      "gcloud artifacts repositories create gantry",
    );
  });

  it("stops nothing where it is there", async () => {
    const harness = harnessWith("");
    harness.world.lookupsPort = found;
    await ask(harness);
    expect(harness.world.builds).to.have.length(1);
  });
});

describe("the account of another service", () => {
  it("named in gantry.yaml stops a release before its build", async () => {
    const rule = { repository: "perkie/*", services: ["**"], branches: null, accounts: [] };
    const harness = functionHarness({ policy: openPolicy({ repositories: [rule] }) });
    const runtime = "runtime: { serviceAccount: payments@gantry-test.iam.gserviceaccount.com }";
    harness.world.files.set("gantry.yaml", gantryYaml(runtime));
    await ask(harness);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.failure?.code).to.equal("preflight-stopped");
    expect(record?.findings?.[0]?.code).to.equal("account-not-allowed");
    expect(harness.world.builds).to.deep.equal([]);
  });
});

describe("a quota", () => {
  it("that is used up stops a release before its build, in words", async () => {
    const harness = harnessWith("");
    harness.world.tries = () => ({
      outcome: "refused",
      message: "Quota violated:\nNvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion requested: 3 allowed: 1",
    });
    await ask(harness);
    const record = await harness.deps.store.release(firstRelease);
    expect(record?.failure?.code).to.equal("preflight-stopped");
    expect(record?.failure?.message).to.include("allows 1 and the service's most instances ask for 3");
    expect(harness.world.builds).to.deep.equal([]);
  });

  it("that leaves no room beside stable is a warning", async () => {
    const harness = harnessWith("");
    harness.world.tries = (maxInstances) =>
      maxInstances === null
        ? { outcome: "accepted" }
        : { outcome: "refused", message: "NvidiaL4GpuAllocPerProjectRegion requested: 1000 allowed: 3" };
    await ask(harness);
    expect(await harness.events(firstRelease))
      .to.include("preflight-warned")
      .and.include("build-started");
  });
});

describe("a service that somebody changed by hand", () => {
  it("is found at the next look, held, and goes on once a person accepts it", async () => {
    const harness = harnessWith("");
    await liveRelease(harness);
    expect((await harness.state()).live?.id).to.equal(firstRelease);
    await look(harness);
    expect((await harness.state()).drift).to.equal(undefined);
    harness.world.settings = serviceSettings({ memoryBytes: 16 * gib });
    harness.world.modifiedBy = "eve@example.com";
    await look(harness);
    expect((await harness.state()).drift).to.deep.include({
      by: "eve@example.com",
      rows: [{ setting: "memory", wanted: "32Gi", found: "16Gi" }],
    });
    expect(harness.world.moved).to.have.length(2); // nothing is undone
    await ask(harness, { requestId: "github/2", explicit: true });
    const refusal = await harness.deps.store.refusal(releaseIdFor("github/2"));
    expect(refusal?.code).to.equal("service-drifted");
    const { service } = harness.world;
    const answer = await createDesk(harness.deps).acceptChanges({
      service,
      by: person,
      reason: "on purpose",
    });
    expect(answer).to.include({ ok: true, releaseId: firstRelease });
    await look(harness);
    expect((await harness.state()).drift).to.equal(undefined);
    await ask(harness, { requestId: "github/3", explicit: true });
    expect(await harness.deps.store.refusal(releaseIdFor("github/3"))).to.equal(null);
  });

  it("goes on by itself when it was put back", async () => {
    const harness = harnessWith("");
    await liveRelease(harness);
    harness.world.settings = serviceSettings({ concurrency: 80 });
    await look(harness);
    harness.world.settings = serviceSettings();
    await look(harness);
    expect(await harness.events(firstRelease)).to.include.members(["drift-found", "drift-gone"]);
    expect((await harness.state()).drift).to.equal(undefined);
  });

  it("may be rolled back meanwhile", async () => {
    const harness = harnessWith("");
    await liveRelease(harness);
    harness.world.split = [{ revision: revisionName("background-removal-00007"), percent: 100 }];
    await look(harness);
    expect((await harness.state()).drift?.rows[0]?.setting).to.equal("traffic");
    const { service, stable } = harness.world;
    const answer = await createDesk(harness.deps).rollBack({ service, to: stable, by: person, reason: "" });
    expect(answer.ok).to.equal(true);
    await handOver(harness, rollback, topics.work.rollback);
    expect(harness.world.split).to.deep.equal([{ revision: stable, percent: 100 }]);
  });

  it("has nothing to accept while nobody changed it", async () => {
    const harness = harnessWith("");
    await liveRelease(harness);
    const { service } = harness.world;
    const answer = await createDesk(harness.deps).acceptChanges({ service, by: person, reason: "" });
    expect(answer).to.include({ ok: false, code: "nothing-to-accept" });
  });
});

describe("gantry plan", () => {
  const plan = (
    harness: FunctionHarness,
    changes: Parameters<typeof releaseRequest>[0] = {},
  ): Promise<ReleasePlan> =>
    createDesk(harness.deps).plan(releaseRequest({ requestId: "plan/1", explicit: true, ...changes }));

  it("tells what a release would meet, and changes nothing", async () => {
    const harness = harnessWith();
    const planned = await plan(harness);
    expect(planned).to.deep.include({
      outcome: "planned",
      service: harness.world.service,
      tag: "v1.0.0",
      mayBegin: true,
      ahead: null,
      approvals: 0,
    });
    expect(harness.published).to.deep.equal([]);
    expect((await harness.deps.store.services()).length).to.equal(0);
    expect(harness.world.builds).to.deep.equal([]);
  });

  it("finds what a release would fail by", async () => {
    const harness = harnessWith();
    harness.world.settings = serviceSettings({ memoryBytes: 16 * gib });
    const planned = await plan(harness);
    expect(planned).to.deep.include({ outcome: "planned", mayBegin: false });
    const allowed = await plan(harness, { allowChange: { settings: ["memory"], reason: "a plan" } });
    expect(allowed).to.deep.include({ outcome: "planned", mayBegin: true });
  });

  it("tells why a request would not be taken at all", async () => {
    const harness = harnessWith("guardrails: { memory: 1Gi, gpu: { type: nvidia-l4 } }");
    expect(await plan(harness)).to.include({ outcome: "refused", code: "config-invalid" });
  });

  it("finds that the service is held", async () => {
    const harness = harnessWith("");
    await liveRelease(harness);
    harness.world.settings = serviceSettings({ concurrency: 80 });
    const unseen = await plan(harness);
    expect(unseen).to.deep.include({ mayBegin: false });
    await look(harness);
    const held = await plan(harness);
    if (held.outcome !== "planned") throw new Error(held.message);
    expect(held.findings[0]).to.deep.include({ code: "service-drifted" });
  });
});
