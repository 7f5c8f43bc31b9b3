import { expect } from "chai";
import {
  type LocalRun,
  nameOf,
  newService,
  type ServicePair,
  servicePair,
  snapshotOf,
  startLocalRun,
} from "../../../test/support/local-run.ts";
import type { RevisionName } from "../../domain/ids.ts";
import { stepSplit } from "../../domain/traffic.ts";
import type { MinimumOutcome, MinimumRequest } from "../../ports/run.ts";
import { servicePath } from "./resource-names.ts";
import { type MinimumProgress, nextMove } from "./set-min-instances.ts";

const never = new AbortController().signal;

describe("setting the minimum of a service with Google's client in the local cloud", () => {
  let local: LocalRun;
  let pair: ServicePair;

  before(async () => {
    local = await startLocalRun();
    pair = await servicePair(local);
  });
  after(() => local.close());
  afterEach(async () => {
    local.cloud.faults.clear();
    await set(0, await minimum());
  });

  const set = (to: number, expected: number, service = pair.service): Promise<MinimumOutcome> =>
    local.run.setMinInstances({ service, minimum: to, expected, deadlineMs: 5_000, signal: never });
  const minimum = async (): Promise<number> =>
    (await local.run.readSettings(pair.service))?.settings.service.instances.min ?? 0;
  const instances = (revision: RevisionName) => local.cloud.instances(nameOf(pair.service), revision);
  const traffic = (percent: number) =>
    local.run.setTraffic({
      service: pair.service,
      target: stepSplit({ ...pair, percent }),
      tags: [{ revision: pair.candidate, tag: pair.tag }],
      expected: null,
      deadlineMs: 5_000,
      signal: never,
    });
  const until = async (isSo: () => boolean): Promise<void> => {
    for (const end = Date.now() + 5_000; !isSo() && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isSo()).to.equal(true);
  };

  it("really starts as many instances of what has traffic, and makes no revision", async () => {
    const before = await local.run.revisions(pair.service);
    expect(await set(3, 0)).to.deep.equal({ outcome: "set" });
    expect(await minimum()).to.equal(3);
    await until(() => instances(pair.stable).length === 3);
    expect(await local.run.revisions(pair.service)).to.deep.equal(before);
    expect((await snapshotOf(local, pair.service)).desired).to.deep.equal([
      { revision: pair.stable, percent: 100, tag: null },
      { revision: pair.candidate, percent: 0, tag: pair.tag },
    ]);
  });

  it("is divided among revisions by their share of traffic, and follows it", async () => {
    await traffic(50);
    await set(4, 0);
    await until(() => instances(pair.stable).length >= 2 && instances(pair.candidate).length >= 2);
    await traffic(100);
    await until(() => instances(pair.candidate).length >= 4);
    await traffic(0);
  });

  it("sets it once, however often it is asked", async () => {
    await set(1, 0);
    const { etag } = await raw();
    expect(await set(1, 0)).to.deep.equal({ outcome: "set" });
    expect((await raw()).etag).to.equal(etag);
  });

  it("leaves a minimum that somebody else set, and tells it", async () => {
    await set(2, 0);
    expect(await set(1, 0)).to.deep.include({ outcome: "changed", found: 2 });
    expect(await minimum()).to.equal(2);
  });

  it("hands on what Cloud Run says when it refuses", async () => {
    const { service } = await servicePair(local);
    const { services } = await local.clients("us-central1");
    const [project = "", region = "", name = ""] = service.split("/");
    await services.updateService({
      service: { name: servicePath({ project, region, name }), scaling: { maxInstanceCount: 2 } },
      updateMask: { paths: ["scaling.max_instance_count"] },
    });
    const outcome = await set(3, 0, service);
    expect(outcome.outcome === "refused" ? outcome.message : outcome.outcome).to.include(
      "must be greater than or equal to min_instance_count",
    );
  });

  it("refuses a service that does not exist", async () => {
    expect(await set(1, 0, newService())).to.deep.equal({
      outcome: "refused",
      message: "the service does not exist",
    });
  });

  for (const name of [
    "update-conflicts",
    "update-times-out-but-applied",
    "update-times-out-not-applied",
    "operation-never-completes",
    "stale-read",
    "unavailable",
  ] as const) {
    it(`is set in spite of ${name}`, async () => {
      local.cloud.faults.set({ name, service: nameOf(pair.service) });
      expect(await set(1, 0)).to.deep.equal({ outcome: "set" });
      expect(await minimum()).to.equal(1);
    });
  }

  it("keeps a write of traffic that comes at the same time", async () => {
    const [moved, scaled] = await Promise.all([traffic(10), set(1, 0)]);
    expect([moved.outcome, scaled.outcome]).to.deep.equal(["effective", "set"]);
    expect(await minimum()).to.equal(1);
    const { effective } = await snapshotOf(local, pair.service);
    expect(effective.map(({ percent }) => percent)).to.deep.equal([90, 10]);
    await traffic(0);
  });

  async function raw() {
    const [project = "", region = "", name = ""] = pair.service.split("/");
    const { services } = await local.clients(region);
    const [found] = await services.getService({ name: servicePath({ project, region, name }) });
    return found;
  }
});

describe("what one reading of the minimum leads to", () => {
  const request = { minimum: 1, expected: 0 } as MinimumRequest;
  const none: MinimumProgress = { writes: 0, accepted: 0, generation: 5, sightings: 0, lastRefusal: "" };
  const seen = { ...none, sightings: 1 };
  const wrote = { ...none, writes: 1, accepted: 1 };
  const service = (minInstanceCount: number, more: object = {}) => ({
    generation: "5",
    scaling: { minInstanceCount },
    ...more,
  });
  const table: readonly (readonly [string, object, MinimumProgress, object])[] = [
    [
      "a reading from before the write says nothing",
      { ...service(0), generation: "4" },
      wrote,
      { move: "look" },
    ],
    ["what Gantry may replace is replaced", service(0), none, { move: "write" }],
    ["what was written is read back", service(1), wrote, { done: { outcome: "set" } }],
    ["what stands already is looked at again", service(1), none, { move: "look-again" }],
    ["what stands already counts when it is seen twice", service(1), seen, { done: { outcome: "set" } }],
    ["what somebody else set is looked at again", service(7), none, { move: "look-again" }],
    [
      "what somebody else set counts when it is seen twice, with who wrote last",
      service(7, { lastModifier: "ada@example.com" }),
      seen,
      { done: { outcome: "changed", found: 7, by: "ada@example.com" } },
    ],
    [
      "what somebody set back after the write is theirs",
      service(0),
      { ...wrote, sightings: 1 },
      { done: { outcome: "changed", found: 0, by: null } },
    ],
    [
      "a service that is scaled by hand has no minimum",
      service(0, { scaling: { scalingMode: "MANUAL", manualInstanceCount: 2 } }),
      seen,
      { done: { outcome: "changed", found: null, by: null } },
    ],
  ];
  for (const [title, raw, progress, move] of table)
    it(title, () => expect(nextMove(raw, request, progress)).to.deep.equal(move));
});
