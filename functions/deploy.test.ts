import { expect } from "chai";
import type { BuildSnapshot } from "../shared/ports/build.ts";
import { topics } from "../shared/ports/bus.ts";
import { releaseIdFor } from "../shared/usecases/release-id.ts";
import {
  buildReport,
  buildSnapshot,
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  pubSubEvent,
  releaseRequest,
  succeeded,
} from "../test/support/function-harness.ts";
import { build } from "./build.ts";
import { deploy } from "./deploy.ts";

const id = releaseIdFor("github/1");
const notice = { id: "build-1", status: "SUCCESS", tags: ["gantry", `gantry-release-${id}`] };

/** A release whose build runs. */
async function building(): Promise<FunctionHarness> {
  const harness = functionHarness();
  await harness.finished(build(harness.deps)(pubSubEvent(topics.releases, releaseRequest())));
  return harness;
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}

function hear({ deps, finished }: FunctionHarness, data: unknown = notice): Promise<void> {
  return finished(deploy(deps)(pubSubEvent(topics.builds, data)));
}

describe("functions/deploy: what Cloud Build tells", () => {
  it("asks for the build, and deploys its image without traffic in the same invocation", async () => {
    const harness = await building();
    harness.world.build = async () => succeeded();
    await hear(harness);
    expect((await harness.state()).active).to.deep.include({
      id,
      status: "verifying",
      candidate: harness.world.candidate,
      stable: harness.world.stable,
    });
    expect((await harness.deps.store.owedWork(harness.world.service)).map(({ kind }) => kind)).to.deep.equal([
      "verify-candidate",
    ]);
  });

  it("changes nothing when told again", async () => {
    const harness = await building();
    harness.world.build = async () => succeeded();
    await hear(harness);
    const before = await harness.events(id);
    await hear(harness);
    expect(await harness.events(id)).to.deep.equal(before);
  });

  const foreign: readonly (readonly [string, object])[] = [
    ["without tags", { id: "build-1", status: "SUCCESS" }],
    ["of another trigger", { id: "build-1", tags: ["nightly", "team-a"] }],
    ["of an unknown release", { id: "build-1", tags: ["gantry-release-zzzzzzzz"] }],
    ["of something that cannot be a release", { id: "build-1", tags: ["gantry-release-!"] }],
    ["with an id that cannot be a build's", { id: "build/1", tags: notice.tags }],
  ];
  for (const [what, data] of foreign)
    it(`acknowledges a build ${what}, and leaves it alone`, async () => {
      const harness = await building();
      harness.world.build = () => Promise.reject(new Error("it should not be asked for"));
      await hear(harness, data);
      expect(await harness.events(id)).to.have.length(4);
    });

  for (const status of ["queued", "working"] as const)
    it(`waits on while the build itself says that it is ${status}, whatever the message says`, async () => {
      const harness = await building();
      harness.world.build = async () => buildSnapshot({ status });
      await hear(harness);
      expect((await harness.state()).active).to.include({ status: "building" });
    });

  it("leaves a build alone that Cloud Build does not know", async () => {
    const harness = await building();
    harness.world.build = async () => null;
    await hear(harness);
    expect((await harness.state()).active).to.include({ status: "building" });
  });

  const ends: readonly (readonly [Partial<BuildSnapshot>, string, RegExp | string])[] = [
    [
      { status: "failed", report: buildReport({ detail: "step 0 failed" }) },
      "build-failed",
      "The build failed: step 0 failed. The log of the build could not be read.",
    ],
    [
      { status: "cancelled", report: buildReport({ state: "cancelled" }) },
      "build-cancelled",
      /^Somebody cancelled the build in Cloud Build\./,
    ],
    [
      { status: "timed-out", report: buildReport({ state: "timed-out" }) },
      "build-timed-out",
      /^The build took longer than its limit of 30m: no step had begun\./,
    ],
    [
      { status: "expired", report: buildReport({ state: "expired" }) },
      "build-timed-out",
      /^The build waited in Cloud Build's queue/,
    ],
    [
      { status: "succeeded", image: null },
      "build-without-digest",
      "The build succeeded but pushed no image that it lists under images:, so there is no digest to deploy.",
    ],
  ];
  for (const [changes, code, message] of ends)
    it(`fails the release with ${code} when the build is ${changes.status}`, async () => {
      const harness = await building();
      harness.world.build = async () => buildSnapshot(changes);
      await hear(harness);
      const record = await harness.deps.store.release(id);
      expect(record?.status).to.equal("failed");
      expect(record?.failure?.code).to.equal(code);
      expect(record?.failure?.message).to.match(message instanceof RegExp ? message : exactly(message));
    });

  it("fails the release when Cloud Run will not have the candidate, and clears away", async () => {
    const harness = await building();
    harness.world.build = async () => succeeded();
    harness.world.deploy = async () => ({ outcome: "refused", code: "deploy-refused", message: "no quota" });
    await hear(harness);
    const record = await harness.deps.store.release(id);
    expect(record?.failure).to.deep.equal({ code: "deploy-refused", message: "no quota" });
    expect(harness.world.removed).to.deep.equal([id]);
  });

  it("finds out by itself when the build's event is lost", async () => {
    const harness = await building();
    harness.world.build = async () => succeeded();
    await harness.clock.advance(30_000);
    const call = { service: harness.world.service, work: "whatever" };
    await harness.finished(deploy(harness.deps)(pubSubEvent(topics.work.deploy, call)));
    expect((await harness.state()).active).to.include({ status: "verifying" });
  });

  it("polls a build that works, again and again", async () => {
    const harness = await building();
    await harness.clock.advance(30_000);
    const call = { service: harness.world.service, work: "whatever" };
    await harness.finished(deploy(harness.deps)(pubSubEvent(topics.work.deploy, call)));
    expect(await harness.events(id)).to.include("build-polled");
  });

  it("looks for a build that fetches through a connection in that connection's region, and cancels it there", async () => {
    const harness = functionHarness();
    const connection = "projects/gantry-test/locations/us-west1/connections/acme/repositories/acme-api";
    const yaml = gantryYaml().replace('tags: "v*.*.*"', `tags: "v*.*.*", connection: ${connection}`);
    harness.world.files.set("gantry.yaml", yaml);
    await harness.finished(build(harness.deps)(pubSubEvent(topics.releases, releaseRequest())));
    harness.world.build = async () => null;
    await hear(harness);
    await harness.clock.advance(30_000);
    const call = { service: harness.world.service, work: "whatever" };
    await harness.finished(deploy(harness.deps)(pubSubEvent(topics.work.deploy, call)));
    expect(harness.world.buildPlaces).to.deep.equal([connection, "us-west1", "us-west1", "us-west1"]);
    expect(harness.world.cancelled).to.deep.equal([id]);
  });

  it("gives a release up whose build Cloud Build does not know any more", async () => {
    const harness = await building();
    harness.world.build = async () => null;
    await harness.clock.advance(30_000);
    const call = { service: harness.world.service, work: "whatever" };
    await harness.finished(deploy(harness.deps)(pubSubEvent(topics.work.deploy, call)));
    const record = await harness.deps.store.release(id);
    expect(record?.failure?.message).to.equal("Cloud Build does not know build build-1 any more.");
    expect(harness.world.cancelled).to.deep.equal([id]);
  });

  for (const data of [{}, [], "text", { id: 5 }, { id: "build-1", tags: [5] }])
    it(`throws ${JSON.stringify(data)} back`, async () => {
      const harness = functionHarness();
      const error = await deploy(harness.deps)(pubSubEvent(topics.builds, data)).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.have.property("code", "message-invalid");
    });

  for (const data of [{}, { service: "no key", work: "x" }, { service: 5, work: "x" }])
    it(`throws the work call ${JSON.stringify(data)} back`, async () => {
      const harness = functionHarness();
      const event = pubSubEvent(topics.work.deploy, data);
      const error = await deploy(harness.deps)(event).catch((thrown: unknown) => thrown);
      expect(error).to.have.property("code", "message-invalid");
    });
});
