import { expect } from "chai";
import { FakeCandidate, httpCheck, type Script, verifyConfig } from "../../test/support/fake-candidate.ts";
import { revisionName } from "../../test/support/fixtures.ts";
import type { Split } from "../domain/traffic.ts";
import { AppError } from "../ports/app-error.ts";
import { type WatchOutcome, type WatchParams, watchSlice } from "./watch.ts";

const good: Script = ({ method }) => ({ status: method === "POST" ? 422 : 200 });
const stable = revisionName("background-removal-00001");
const trial = revisionName("background-removal-00002");
const expected: Split = [
  { revision: stable, percent: 90 },
  { revision: trial, percent: 10 },
];

function rollingOut(script: Script): FakeCandidate {
  const world = new FakeCandidate(script);
  world.snapshot = world.serving(10);
  return world;
}

function slice(world: FakeCandidate, more: Partial<WatchParams> = {}): Promise<WatchOutcome> {
  const { run, probe, clock, service, pair } = world;
  return watchSlice({
    run,
    probe,
    clock,
    service,
    pair,
    verify: verifyConfig(),
    watch: { everyMs: 10_000, maxErrorShare: 0.01, latencyP95Ms: null, latencyIncrease: null },
    expected,
    forMs: 60_000,
    signal: new AbortController().signal,
    ...more,
  });
}

const apiDown = new AppError({ code: "run-unavailable", message: "UNAVAILABLE", transient: true });

describe("watchSlice()", () => {
  it("plays rounds of every check, everyMs apart, to the end of the slice", async () => {
    const world = rollingOut(good);
    const outcome = await slice(world);
    expect([outcome.verdict, outcome.drift]).to.deep.equal(["pass", null]);
    expect(outcome.checks).to.deep.equal([
      { name: "errors", verdict: "pass", measured: "0 of 12 failed", limit: "at most 1 %, no 3 in a row" },
    ]);
    const rounds = world.asked.filter(({ method }) => method === "GET").map(({ at }) => at);
    expect(rounds).to.deep.equal([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
    expect(world.now).to.equal(60_000);
    expect(world.reads).to.deep.equal([0, 60_000]);
  });

  it("plays one round in a slice of no length, and does not wait", async () => {
    const world = rollingOut(good);
    expect((await slice(world, { forMs: 0 })).verdict).to.equal("pass");
    expect([world.asked.length, world.now]).to.deep.equal([2, 20]);
  });

  it("asks GET / where no check is configured", async () => {
    const world = rollingOut(() => ({ status: 200 }));
    expect((await slice(world, { forMs: 0, verify: verifyConfig({ checks: [] }) })).verdict).to.equal("pass");
    expect(world.asked[0]?.path).to.equal("/");
  });

  it("finds a candidate that is all bad within three requests, in a fraction of a second", async () => {
    const world = rollingOut(() => ({ status: 500 }));
    const outcome = await slice(world);
    expect(outcome.verdict).to.equal("fail");
    expect(outcome.checks[0]?.measured).to.equal("3 of 3 failed, 3 in a row, last health: 500 in 10 ms");
    expect(world.now).to.be.below(500);
  });

  it("finds one that goes bad in the middle as fast", async () => {
    const world = rollingOut((request, n) => (n < 7 ? good(request, n) : "reset"));
    expect((await slice(world)).verdict).to.equal("fail");
    expect(world.now).to.be.within(30_000, 30_500);
  });

  it("finds one check that is bad among good ones", async () => {
    const world = rollingOut(({ method }) => ({ status: method === "POST" ? 500 : 200 }));
    expect((await slice(world)).verdict).to.equal("fail");
    expect(world.asked).to.have.length(4);
  });

  it("finds an endpoint that flaps", async () => {
    const world = rollingOut((_, n) => ({ status: n % 2 === 0 ? 200 : 500 }));
    const outcome = await slice(world, { verify: verifyConfig({ checks: [httpCheck()] }) });
    expect(outcome.verdict).to.equal("fail");
  });

  it("does not roll back for one failure in twenty", async () => {
    const world = rollingOut((_, n) => ({ status: n === 5 ? 500 : 200 }));
    const outcome = await slice(world, { verify: verifyConfig({ checks: [httpCheck()] }), forMs: 200_000 });
    expect(outcome.verdict).to.equal("pass");
    expect(outcome.checks[0]?.measured).to.equal("1 of 21 failed, last health: 500 in 10 ms");
  });

  it("carries what it counted from slice to slice", async () => {
    const flaky: Script = (_, n) => ({ status: n === 1 ? 500 : 200 });
    const verify = verifyConfig({ checks: [httpCheck()] });
    let carried = (await slice(rollingOut(flaky), { verify, forMs: 20_000 })).tally;
    expect([carried.requests, carried.failures]).to.deep.equal([3, 1]);
    carried = (await slice(rollingOut(flaky), { verify, forMs: 20_000, carried })).tally;
    const third = await slice(rollingOut(flaky), { verify, forMs: 20_000, carried });
    expect(third.verdict).to.equal("fail");
    expect(third.checks[0]?.measured).to.match(/^3 of 8 failed/);
  });

  it("fails a candidate that hangs, each request within its own limit", async () => {
    const world = rollingOut(() => "hang");
    expect((await slice(world)).verdict).to.equal("fail");
    expect(world.now).to.equal(30_200);
  });

  it("ends with the slice even when everything hangs for longer", async () => {
    const world = rollingOut(() => "hang");
    const verify = verifyConfig({ checks: [httpCheck({ withinMs: 60_000 })] });
    const outcome = await slice(world, { verify, forMs: 25_000 });
    expect(outcome.verdict).to.equal("inconclusive");
    expect(outcome.checks[0]?.measured).to.equal("0 of 0 failed, 1 not observed");
    expect(world.now).to.equal(25_000);
    const short = rollingOut(() => "hang");
    await slice(short, { verify, forMs: 0 });
    expect(short.now).to.equal(10_000);
  });

  it("takes 429 for no evidence, looks for some, and neither spins nor promotes", async () => {
    const world = rollingOut(() => ({ status: 429 }));
    const outcome = await slice(world, { forMs: 0 });
    expect([outcome.verdict, outcome.checks[0]?.measured]).to.deep.equal([
      "inconclusive",
      "0 of 0 failed, 20 not observed",
    ]);
    expect(world.now).to.equal(10_000);
  });

  it("fails at once when another revision answers", async () => {
    const world = rollingOut(() => ({ status: 200, headers: { "k-revision": "background-removal-00001" } }));
    const outcome = await slice(world);
    expect([outcome.verdict, outcome.checks[0]?.name]).to.deep.equal(["fail", "identity"]);
    expect(world.asked).to.have.length(1);
  });

  it("judges the p95 of the answers", async () => {
    const world = rollingOut(() => ({ status: 200, afterMs: 900 }));
    const watch = { everyMs: 1_000, maxErrorShare: 0.01, latencyP95Ms: 500, latencyIncrease: null };
    const outcome = await slice(world, { watch, verify: verifyConfig({ checks: [httpCheck()] }) });
    expect([outcome.verdict, outcome.checks[1]?.name]).to.deep.equal(["fail", "latency"]);
    expect(world.asked).to.have.length(20);
  });

  it("tells of traffic that somebody moved, before it asks anything", async () => {
    const world = rollingOut(good);
    world.snapshot = world.serving(100);
    const outcome = await slice(world);
    expect(outcome.drift).to.deep.equal([{ revision: trial, percent: 100 }]);
    expect(outcome.verdict).to.equal("inconclusive");
    expect([world.asked.length, world.now]).to.deep.equal([0, 0]);
  });

  it("tells of traffic that somebody moved while the slice lasted", async () => {
    const world = rollingOut(good);
    world.onCall = () => {
      if (world.now > 45_000) world.snapshot = world.serving(0);
    };
    expect((await slice(world)).drift).to.deep.equal([{ revision: stable, percent: 100 }]);
  });

  it("resolves `latest` before it speaks of drift, and takes a service that is gone for drift", async () => {
    const world = rollingOut(good);
    const byName = world.serving(10);
    const desired = byName.desired.map((share) =>
      share.revision === trial ? { ...share, revision: null } : share,
    );
    world.snapshot = { ...byName, desired };
    expect((await slice(world, { forMs: 0 })).drift).to.equal(null);
    world.snapshot = null;
    expect((await slice(world, { forMs: 0 })).drift).to.deep.equal([]);
  });

  it("cannot see a candidate whose tag is gone, and fails one whose tag leads elsewhere", async () => {
    const world = rollingOut(good);
    const snapshot = world.serving(10);
    world.snapshot = { ...snapshot, effective: snapshot.effective.map((share) => ({ ...share, tag: null })) };
    const gone = await slice(world, { forMs: 5_000 });
    expect([gone.verdict, world.asked.length]).to.deep.equal(["inconclusive", 0]);
    world.snapshot = {
      ...snapshot,
      effective: snapshot.effective.map((share) => ({ ...share, tag: "g-release-1" })),
    };
    expect((await slice(world)).verdict).to.equal("fail");
  });

  it("goes on probing while Cloud Run's API is away, and reads the traffic as soon as it is back", async () => {
    const world = rollingOut(good);
    world.readServiceFails = apiDown;
    world.onCall = () => {
      if (world.now > 3_000) world.readServiceFails = null;
    };
    expect((await slice(world)).verdict).to.equal("pass");
    expect(world.reads.length).to.be.above(1);
    const away = rollingOut(good);
    away.readServiceFails = apiDown;
    const outcome = await slice(away, { forMs: 15_000 });
    expect([outcome.verdict, outcome.checks[0]?.measured]).to.deep.equal([
      "inconclusive",
      "Cloud Run did not tell the traffic",
    ]);
  });

  it("blames nobody when neither the candidate nor Cloud Run's API can be reached", async () => {
    const world = rollingOut(() => "reset");
    world.readServiceFails = apiDown;
    expect((await slice(world, { forMs: 15_000 })).verdict).to.equal("inconclusive");
    expect(world.now).to.be.at.most(15_000);
  });

  it("fails a bad candidate also while Cloud Run's API is away", async () => {
    const world = rollingOut(() => ({ status: 500 }));
    world.readServiceFails = apiDown;
    expect((await slice(world)).verdict).to.equal("fail");
  });

  it("throws what will not pass, and the reason when it is called off", async () => {
    const denied = new AppError({ code: "run-denied", message: "403", transient: false });
    const world = rollingOut(good);
    world.readServiceFails = denied;
    const thrown = await slice(world).catch((error: unknown) => error);
    expect(thrown).to.equal(denied);
    const off = new AbortController();
    const reason = new Error("lease lost");
    const running = rollingOut((request, n) => {
      if (n === 3) off.abort(reason);
      return good(request, n);
    });
    expect(await slice(running, { signal: off.signal }).catch((error: unknown) => error)).to.equal(reason);
    expect(running.asked).to.have.length(4);
  });
});
