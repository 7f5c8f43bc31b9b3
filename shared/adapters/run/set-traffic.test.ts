import { expect } from "chai";
import {
  type LocalRun,
  nameOf,
  type ServicePair,
  servicePair,
  share,
  snapshotOf,
  startLocalRun,
} from "../../../test/support/local-run.ts";
import type { RevisionName } from "../../domain/ids.ts";
import { type Split, stepSplit } from "../../domain/traffic.ts";
import { AppError } from "../../ports/app-error.ts";
import type { ServiceSnapshot, TrafficOutcome, TrafficRequest } from "../../ports/run.ts";
import { nextMove, type Progress } from "./set-traffic.ts";

describe("moving traffic with Google's client in the local cloud", () => {
  let local: LocalRun;
  let pair: ServicePair;

  before(async () => {
    local = await startLocalRun();
    pair = await servicePair(local);
  });
  after(() => local.close());
  beforeEach(async () => {
    expect(await move(0, null)).to.deep.equal({ outcome: "effective" });
  });
  afterEach(() => local.cloud.faults.clear());

  const at = (percent: number): Split => stepSplit({ ...pair, percent });

  function move(
    percent: number,
    expected: readonly Split[] | null,
    change: Partial<TrafficRequest> = {},
  ): Promise<TrafficOutcome> {
    return local.run.setTraffic({
      service: pair.service,
      target: at(percent),
      tags: [{ revision: pair.candidate, tag: pair.tag }],
      expected,
      deadlineMs: 3_000,
      signal: new AbortController().signal,
      ...change,
    });
  }

  const byHand = (...traffic: readonly ReturnType<typeof share>[]): Promise<void> =>
    local.cloud.faults.humanSetsTraffic({ service: nameOf(pair.service), traffic });

  it("moves in steps, keeps the tags of others, and reads back what is served", async () => {
    await byHand(share(pair.stable, 100, "prod"), share(pair.candidate, 0, pair.tag));
    for (const percent of [5, 25, 100])
      expect(await move(percent, [at(0), at(5), at(25)])).to.deep.equal({ outcome: "effective" });
    const { effective, url } = await snapshotOf(local, pair.service);
    expect(effective.map(({ revision, percent, tag }) => [revision, percent, tag])).to.deep.equal([
      [pair.candidate, 100, pair.tag],
      [pair.stable, 0, "prod"],
    ]);
    expect(await (await fetch(url)).text()).to.equal(pair.candidate);
  });

  it("writes nothing when what is wanted stands already", async () => {
    const before = await snapshotOf(local, pair.service);
    expect(await move(0, [])).to.deep.equal({ outcome: "effective" });
    expect(await snapshotOf(local, pair.service)).to.deep.equal(before);
  });

  for (const name of [
    "update-conflicts",
    "update-times-out-but-applied",
    "update-times-out-not-applied",
    "operation-never-completes",
    "operation-lost",
    "stale-read",
    "unavailable",
  ] as const) {
    it(`moves traffic in spite of ${name}`, async () => {
      local.cloud.faults.set({ name, service: nameOf(pair.service) });
      expect(await move(5, [at(0)])).to.deep.equal({ outcome: "effective" });
      const entry = { revision: pair.candidate, percent: 5, tag: pair.tag };
      expect((await snapshotOf(local, pair.service)).desired).to.deep.include(entry);
    });
  }

  it("goes through a storm of conflicts, and gives up one that does not end as something that may pass", async () => {
    local.cloud.faults.set({ name: "update-conflicts", service: nameOf(pair.service), count: 3 });
    expect(await move(5, [at(0)])).to.deep.equal({ outcome: "effective" });
    local.cloud.faults.set({ name: "update-conflicts", service: nameOf(pair.service), count: 1_000 });
    const thrown = await thrownBy(move(25, [at(5)]));
    expect(thrown).to.be.instanceOf(AppError).and.include({ code: "run-unavailable", transient: true });
  });

  it("waits until a lagging cloud serves the target, and says what is served when it does not in time", async () => {
    local.cloud.faults.set({ name: "traffic-lag", service: nameOf(pair.service), ms: 250 });
    const outcome = await move(5, [at(0)], { deadlineMs: 80 });
    expect(outcome).to.deep.include({ outcome: "refused", found: at(0) });
    expect(await move(5, [at(0)])).to.deep.equal({ outcome: "effective" });
  });

  it("leaves alone what a person set before it looked, and tells what it found", async () => {
    await byHand(share(pair.candidate, 100));
    expect(await move(5, [at(0)])).to.deep.equal({ outcome: "drifted", found: at(100) });
    expect((await snapshotOf(local, pair.service)).desired).to.have.length(1);
  });

  it("leaves alone what a person set while it waited for its own write, even back to what was there", async () => {
    local.cloud.faults.set({ name: "traffic-lag", service: nameOf(pair.service), ms: 400 });
    const moving = move(25, [at(0)]);
    await new Promise((resolve) => setTimeout(resolve, 120));
    await byHand(share(pair.stable, 100));
    expect(await moving).to.deep.equal({ outcome: "drifted", found: at(0) });
    expect((await snapshotOf(local, pair.service)).desired).to.have.length(1);
  });

  it("gives a person who asks for it all traffic back, whatever is there", async () => {
    await byHand(share(pair.stable, 30), share(pair.candidate, 70));
    expect(await move(0, null)).to.deep.equal({ outcome: "effective" });
  });

  it("refuses a revision that does not exist before Cloud Run is left with a list that it cannot carry out", async () => {
    const before = await snapshotOf(local, pair.service);
    const target = [{ revision: `${nameOf(pair.service)}-gone` as RevisionName, percent: 100 }];
    const outcome = await move(0, null, { target });
    expect(outcome).to.deep.include({ outcome: "refused", found: at(0) });
    expect("message" in outcome && outcome.message).to.contain("does not exist");
    expect(await snapshotOf(local, pair.service)).to.deep.equal(before);
  });

  it("hands on Cloud Run's words when a list of others keeps it from carrying out the write", async () => {
    await byHand(share(pair.stable, 100), share(`${nameOf(pair.service)}-gone` as RevisionName, 0, "blue"));
    const outcome = await move(5, null);
    expect(outcome).to.deep.include({ outcome: "refused", found: at(0) });
    expect("message" in outcome && outcome.message).to.contain("does not exist or is deleted");
    await byHand(share(pair.stable, 100));
  });

  it("gives a candidate that was taken back no traffic again, though the split is the one that it began with", async () => {
    const [restored, overtaken] = [[{ revision: pair.stable, percent: 100 }], [at(0)]] as const;
    expect(await move(0, null, { target: restored, tags: [] })).to.deep.equal({ outcome: "effective" });
    const outcome = await move(5, overtaken);
    expect(outcome).to.deep.equal({ outcome: "drifted", found: restored });
    const { effective } = await snapshotOf(local, pair.service);
    expect(effective.map(({ revision, percent }) => [revision, percent])).to.deep.equal([[pair.stable, 100]]);
  });

  it("is called off by its signal", async () => {
    local.cloud.faults.set({ name: "traffic-lag", service: nameOf(pair.service), ms: 2_000 });
    const thrown = await thrownBy(move(5, [at(0)], { signal: AbortSignal.timeout(60) }));
    expect(thrown).to.be.instanceOf(AppError).and.include({ code: "run-timed-out", transient: true });
    local.cloud.faults.clear();
  });
});

describe("nextMove()", () => {
  const [stable, candidate] = ["api-1" as RevisionName, "api-2" as RevisionName];
  const at = (percent: number): Split => stepSplit({ candidate, stable, percent });
  const fresh: Progress = { writes: 0, accepted: 0, generation: 0, sightings: 0, lastRefusal: "" };
  const request = { target: at(5), tags: [], expected: [at(0)] } as unknown as TrafficRequest;

  function snapshot(
    desired: Split,
    effective: Split,
    change: Partial<ServiceSnapshot> = {},
  ): ServiceSnapshot {
    const untagged = (split: Split) => split.map((entry) => ({ ...entry, tag: null, url: null }));
    return {
      desired: untagged(desired),
      effective: untagged(effective),
      settled: true,
      ready: { state: "ready", message: "" },
      latestReadyRevision: candidate,
      ...change,
    } as ServiceSnapshot;
  }

  const failed = { ready: { state: "failed", message: "no capacity" } } as const;
  const latest = { desired: [{ revision: null, percent: 100, tag: null }] };
  const cases: readonly [string, ServiceSnapshot, Partial<Progress>, Partial<TrafficRequest>, object][] = [
    ["writes over a split that was expected", snapshot(at(0), at(0)), {}, {}, { move: "write" }],
    [
      "is done when requests meet the target",
      snapshot(at(5), at(5)),
      { accepted: 1 },
      {},
      { done: { outcome: "effective" } },
    ],
    ["looks twice at a target that it did not write", snapshot(at(5), at(5)), {}, {}, { move: "look-again" }],
    ["waits while the target is on its way", snapshot(at(5), at(0)), {}, {}, { move: "look" }],
    ["waits for its own write to show", snapshot(at(0), at(0)), { generation: 9 }, {}, { move: "look" }],
    ["sends a failed list once more", snapshot(at(5), at(0), failed), { accepted: 1 }, {}, { move: "write" }],
    [
      "refuses in Cloud Run's words after that",
      snapshot(at(5), at(0), failed),
      { accepted: 2 },
      {},
      { done: { outcome: "refused", message: "no capacity", found: at(0) } },
    ],
    ["looks twice at a stranger's split", snapshot(at(50), at(50)), {}, {}, { move: "look-again" }],
    [
      "is told of drift at the second look",
      snapshot(at(50), at(50)),
      { sightings: 1 },
      {},
      { done: { outcome: "drifted", found: at(50) } },
    ],
    [
      "looks twice where the candidate's tag is gone, which whoever restores stable takes away",
      snapshot(at(0), at(0)),
      {},
      { tags: [{ revision: candidate, tag: "g-1" }] },
      { move: "look-again" },
    ],
    [
      "does not give traffic again to a candidate that was taken back",
      snapshot(at(0), at(0)),
      { sightings: 1 },
      { tags: [{ revision: candidate, tag: "g-1" }] },
      { done: { outcome: "drifted", found: at(0) } },
    ],
    [
      "needs no tag yet where a first revision has all traffic",
      snapshot(at(100), at(100)),
      {},
      { target: at(100), tags: [{ revision: candidate, tag: "g-1" }], expected: [at(100)] },
      { move: "write" },
    ],
    [
      "takes anything when nothing is expected",
      snapshot(at(50), at(50)),
      {},
      { expected: null },
      { move: "write" },
    ],
    [
      "pins a target that only the latest revision has",
      snapshot([], at(100), latest),
      {},
      { target: at(100) },
      { move: "write" },
    ],
    [
      "takes traffic to the latest revision for drift",
      snapshot([], at(100), latest),
      {},
      {},
      { move: "look-again" },
    ],
    [
      "refuses a target that does not sum to 100",
      snapshot(at(0), at(0)),
      {},
      { target: [{ revision: stable, percent: 99 }] },
      { done: { outcome: "refused", message: "99 % api-1 is no whole split", found: at(0) } },
    ],
  ];

  for (const [name, service, progress, change, expected] of cases) {
    it(name, () => {
      const context = {
        request: { ...request, ...change },
        progress: { ...fresh, ...progress },
        generation: 3,
      };
      const routes = { reason: "", ...service.ready };
      expect(nextMove(service, { ...context, routes })).to.deep.equal(expected);
    });
  }

  it("waits for traffic that lags while only the newest revision has failed, which gets none", () => {
    const service = snapshot(at(5), at(0), failed);
    const routes = { state: "ready", reason: "", message: "" } as const;
    const progress = { ...fresh, accepted: 2 };
    expect(nextMove(service, { request, progress, generation: 3, routes })).to.deep.equal({ move: "look" });
  });
});

function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}
