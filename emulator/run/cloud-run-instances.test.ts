import { expect } from "chai";
import { CloudSession, shortName, template, toRevision, until } from "./testing/cloud-session.ts";
import { GOOD_SERVER } from "./testing/container-folder.ts";

/** A generator whose numbers are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

process.env["METADATA_SERVER_DETECTION"] = "none";

describe("The instances of the local Cloud Run", () => {
  const session = new CloudSession({ random: seeded(7), timings: { idleMs: 150, queueMs: 600 } });

  before(async () => {
    for (const version of ["v1", "v2"]) session.images.add(version, GOOD_SERVER);
    await session.start();
  });

  after(() => session.end());

  it("split requests by weight, each request for itself, and finish what is under way on the old revision", async () => {
    await session.create("split", { template: template("v1", { revision: "split-one" }) });
    const { uri } = await session.get("split");
    const traffic = [toRevision("split-one", 80), toRevision("split-two", 20)];
    await session.update(
      "split",
      { template: template("v2", { revision: "split-two" }), traffic },
      "template",
      "traffic",
    );
    const answers = [];
    for (let count = 0; count < 10; count += 1)
      answers.push(...(await Promise.all(Array.from({ length: 10 }, () => session.ask(uri)))));
    const onTwo = answers.filter(({ revision }) => revision === "split-two").length;
    expect(onTwo).to.be.within(10, 30);
    await session.update("split", { traffic: [toRevision("split-one", 100)] }, "traffic");
    const underWay = session.ask(uri, "/?ms=250");
    await until(() => session.cloud.instances("split", "split-one")[0]?.inFlight === 1);
    await session.update("split", { traffic: [toRevision("split-two", 100)] }, "traffic");
    expect((await session.ask(uri)).revision).to.equal("split-two");
    expect((await underWay).revision).to.equal("split-one");
  });

  it("go as soon as nothing leads to their revision", async () => {
    await session.create("replaced", { template: template("v1", { revision: "replaced-one" }) });
    expect(session.cloud.instances("replaced", "replaced-one")[0]).to.include({
      state: "ready",
      inFlight: 0,
    });
    await session.update("replaced", { template: template("v2", { revision: "replaced-two" }) }, "template");
    await until(() => session.cloud.instances("replaced", "replaced-one").length === 0);
  });

  it("obey the maximum of the service over all its revisions", async () => {
    const one = template("v1", { revision: "capped-one", maxInstanceRequestConcurrency: 1 });
    await session.create("capped", { template: one, scaling: { maxInstanceCount: 1 } });
    const { uri } = await session.get("capped");
    const answers = await Promise.all([1, 2].map(() => session.ask(uri, "/?ms=50")));
    expect(new Set(answers.map(({ pid }) => pid)).size).to.equal(1);
  });

  it("stop when nobody asks, and start again for the next request", async () => {
    await session.create("cold", { template: template("v1", { revision: "cold-one" }) });
    const { uri } = await session.get("cold");
    const warm = await session.ask(uri);
    await until(() => session.cloud.instances("cold", "cold-one").length === 0);
    const started = await session.ask(uri);
    expect(started.pid).to.not.equal(warm.pid);
    expect(started.version).to.equal("v1");
  });

  it("stay when a minimum is set on the service, which makes no revision", async () => {
    await session.create("kept", { template: template("v1", { revision: "kept-one" }) });
    const body = { scaling: { minInstanceCount: 2 } };
    const operation = await session.write("kept", body, ["scaling.min_instance_count"]);
    await until(async () => {
      const routes = (await session.get("kept")).conditions?.find(({ type }) => type === "RoutesReady");
      return routes?.revisionReason === "MIN_INSTANCES_WARMING";
    });
    await operation.promise();
    expect(session.cloud.instances("kept", "kept-one")).to.have.length(2);
    const { uri, latestCreatedRevision } = await session.get("kept");
    expect(shortName(latestCreatedRevision)).to.equal("kept-one");
    expect((await session.ask(uri)).version).to.equal("v1");
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(session.cloud.instances("kept", "kept-one")).to.have.length(2);
  });

  it("take one request at a time at a concurrency of 1, queue the next, and refuse with 429 what waits too long", async () => {
    const one = template("v1", {
      revision: "single-one",
      maxInstanceRequestConcurrency: 1,
      scaling: { maxInstanceCount: 1 },
    });
    await session.create("single", { template: one });
    const { uri } = await session.get("single");
    const queued = await Promise.all([session.ask(uri, "/?ms=60"), session.ask(uri, "/?ms=60")]);
    expect(queued.map(({ most }) => most)).to.deep.equal([1, 1]);
    const statuses = await Promise.all([
      session.statusOf(uri, "/?ms=900"),
      session.statusOf(uri, "/?ms=900"),
    ]);
    expect(statuses.sort()).to.deep.equal([200, 429]);
    expect(session.cloud.instances("single", "single-one").length).to.equal(1);
  });

  it("grow to the maximum and no further", async () => {
    const two = template("v1", {
      revision: "wide-one",
      maxInstanceRequestConcurrency: 1,
      scaling: { maxInstanceCount: 2 },
    });
    await session.create("wide", { template: two });
    const { uri } = await session.get("wide");
    const answers = await Promise.all([1, 2, 3].map(() => session.ask(uri, "/?ms=300")));
    expect(new Set(answers.map(({ pid }) => pid)).size).to.equal(2);
  });

  it("answer 503 for the request that they die of, and are replaced", async () => {
    await session.create("fragile", { template: template("v1", { revision: "fragile-one" }) });
    const { uri } = await session.get("fragile");
    expect(await session.statusOf(uri, "/exit")).to.equal(503);
    expect(await session.statusOf(uri)).to.equal(200);
    const texts = session.cloud.logs("fragile", "fragile-one").map(({ text }) => text);
    expect(texts).to.include("Container called exit(7).");
  });

  it("get the template's environment and Cloud Run's own, and nothing of the host's", async () => {
    const env = [{ name: "MODE", value: "base" }];
    const body = template("v1", { revision: "env-one", containers: [{ image: "v1", env }] });
    await session.create("env", { template: body });
    const { uri } = await session.get("env");
    const variable = async (name: string): Promise<string> =>
      (await fetch(new URL(`/env?name=${name}`, uri ?? ""))).text();
    expect(await variable("MODE")).to.equal("base");
    expect(await variable("K_SERVICE")).to.equal("env");
    expect(await variable("K_CONFIGURATION")).to.equal("env");
    expect(await variable("METADATA_SERVER_DETECTION")).to.equal("undefined");
  });

  it("answer 504 when a request takes longer than the template allows", async () => {
    const body = template("v1", { timeout: { nanos: 80_000_000 } });
    await session.create("slow", { template: body });
    const { uri } = await session.get("slow");
    expect(await session.statusOf(uri, "/?ms=2000")).to.equal(504);
  });

  it("share the GPUs of the region over all revisions", async () => {
    const gpu = (revision: string) => ({
      revision,
      containers: [
        { image: "v1", resources: { limits: { cpu: "4", memory: "16Gi", "nvidia.com/gpu": "1" } } },
      ],
      nodeSelector: { accelerator: "nvidia-l4" },
      gpuZonalRedundancyDisabled: true,
      maxInstanceRequestConcurrency: 1,
      scaling: { maxInstanceCount: 3 },
    });
    await session.create("gpu", { template: gpu("gpu-one") });
    const { uri } = await session.get("gpu");
    session.cloud.faults.set({ name: "gpu-capacity", service: "gpu" });
    await until(() => session.cloud.instances("gpu", "gpu-one").length === 0);
    expect(await session.statusOf(uri)).to.equal(429);
    session.cloud.faults.clear("gpu-capacity");
    // Long enough that none is answered before the slowest instance of a busy machine has started.
    const asked = await Promise.all([1, 2, 3].map(() => session.ask(uri, "/?ms=2500")));
    expect(new Set(asked.map(({ pid }) => pid)).size).to.equal(3);
  });
});
