import { expect } from "chai";
import { FakeCandidate, httpCheck, type Script, verifyConfig } from "../../test/support/fake-candidate.ts";
import { revisionName } from "../../test/support/fixtures.ts";
import { fakeLogs, fakeMetrics } from "../../test/support/watched-cloud.ts";
import type { VerifyConfig } from "../domain/release-config.ts";
import { type GateOutcome, runGate } from "./gate.ts";
import { urlBelow } from "./trial.ts";

const good: Script = ({ method }) => ({ status: method === "POST" ? 422 : 200 });

function gate(
  world: FakeCandidate,
  config: VerifyConfig = verifyConfig(),
  signal: AbortSignal = new AbortController().signal,
): Promise<GateOutcome> {
  const { run, probe, clock, service, pair } = world;
  const watched = { metrics: fakeMetrics(), logs: fakeLogs(), learntMs: [] };
  return runGate({ run, probe, ...watched, clock, service, pair, config, signal });
}

const lines = ({ verdict, checks }: GateOutcome): string[] => [
  verdict,
  ...checks.map((check) => `${check.name}: ${check.verdict}, ${check.measured}`),
];

const proven = "identity: pass, g-release-1 → background-removal-00002, it does not tell its revision";

describe("runGate()", () => {
  it("passes a good candidate: identity, first answer, each check, identity again", async () => {
    const world = new FakeCandidate(good);
    expect(lines(await gate(world))).to.deep.equal([
      "pass",
      proven,
      "health: pass, 200 in 10 ms, 3 in a row",
      "storage: pass, 422 in 10 ms",
    ]);
    expect(world.asked.map(({ method }) => method)).to.deep.equal(["GET", "GET", "GET", "GET", "POST"]);
    expect(world.reads).to.have.length(2);
  });

  it("asks nobody when the tag leads to another revision", async () => {
    const world = new FakeCandidate(good);
    const { candidate, stable } = world.pair;
    const effective = [{ revision: stable, percent: 100, tag: candidate.tag, url: candidate.url }];
    world.snapshot = { ...world.serving(0), effective };
    const outcome = await gate(world);
    expect(lines(outcome).slice(0, 3)).to.deep.equal([
      "fail",
      "identity: fail, g-release-1 → background-removal-00001",
      "health: inconclusive, not reached: identity is not proven",
    ]);
    expect(world.asked).to.deep.equal([]);
  });

  it("fails a service that is gone, a revision that is gone, and another digest", async () => {
    const gone = new FakeCandidate(good);
    gone.snapshot = null;
    const lost = new FakeCandidate(good);
    lost.revision = null;
    const other = new FakeCandidate(good);
    other.revision = { ...other.revision!, imageDigest: `sha256:${"0".repeat(64)}` };
    for (const world of [gone, lost, other]) {
      const { verdict, checks } = await gate(world);
      expect([verdict, checks[0]?.name, checks[0]?.verdict]).to.deep.equal(["fail", "identity", "fail"]);
    }
  });

  it("passes all traffic on a first deploy", async () => {
    expect((await gate(new FakeCandidate(good, null))).verdict).to.equal("pass");
  });

  it("passes a candidate that tells its revision, and stops at once when another one answers", async () => {
    const told =
      (revision: string): Script =>
      (request, n) => ({
        ...(good(request, n) as { status: number }),
        headers: n < 2 ? {} : { "k-revision": revision },
      });
    const right = await gate(new FakeCandidate(told("background-removal-00002")));
    expect(right.checks[0]?.measured).to.match(/it says so itself$/);
    const world = new FakeCandidate(told("background-removal-00001"));
    expect(lines(await gate(world))).to.deep.equal([
      "fail",
      'identity: fail, the answer comes from "background-removal-00001"',
      "health: inconclusive, not reached: another revision answered",
      "storage: inconclusive, not reached: another revision answered",
    ]);
    expect(world.asked).to.have.length(3);
  });

  it("fails when the tag is moved while the gate runs", async () => {
    const world: FakeCandidate = new FakeCandidate((request, n) => {
      if (n === 4) {
        const { candidate } = world.pair;
        const moved = {
          revision: revisionName("other-1"),
          percent: 0,
          tag: candidate.tag,
          url: candidate.url,
        };
        world.snapshot = { ...world.serving(0), effective: [moved] };
      }
      return good(request, n);
    });
    expect(lines(await gate(world)).slice(0, 2)).to.deep.equal([
      "fail",
      "identity: fail, g-release-1 → other-1",
    ]);
  });

  it("gives the first answer of a cold instance its own time", async () => {
    const slowStart: Script = (request, n) => (n === 0 ? { status: 200, afterMs: 50_000 } : good(request, n));
    const world = new FakeCandidate(slowStart);
    expect((await gate(world)).verdict).to.equal("pass");
    const short = new FakeCandidate(slowStart);
    const config = verifyConfig({ coldStart: { withinMs: 8_000, expectMs: null } });
    expect(lines(await gate(short, config)).slice(0, 3)).to.deep.equal([
      "fail",
      proven,
      "first answer: fail, no answer in 8 s",
    ]);
  });

  it("waits through 429, 503 and resets of an instance that starts", async () => {
    const starts: Script = (request, n) =>
      n === 0 ? { status: 429 } : n === 1 ? { status: 503 } : n === 2 ? "reset" : good(request, n);
    const world = new FakeCandidate(starts);
    expect((await gate(world)).verdict).to.equal("pass");
    expect(world.asked.slice(0, 4).map(({ at }) => at)).to.deep.equal([0, 260, 770, 1_771]);
  });

  it("gives up a candidate that answers only 503 after six tries", async () => {
    const world = new FakeCandidate(() => ({ status: 503 }));
    expect(lines(await gate(world))).to.deep.equal([
      "fail",
      proven,
      "first answer: fail, 503 in 10 ms, 6 tries",
      "health: inconclusive, not reached: the candidate did not answer",
      "storage: inconclusive, not reached: the candidate did not answer",
    ]);
    expect(world.now).to.be.below(10_000);
  });

  it("takes a service without a free instance for unknown, not for bad", async () => {
    const full = await gate(new FakeCandidate(() => ({ status: 429 })));
    expect([full.verdict, full.checks[1]?.verdict]).to.deep.equal(["inconclusive", "inconclusive"]);
    const filling = new FakeCandidate((request, n) => (n < 2 ? good(request, n) : { status: 429 }));
    const outcome = await gate(filling, verifyConfig({ withinMs: 20_000 }));
    expect(lines(outcome)[0]).to.equal("inconclusive");
    expect(filling.now).to.be.at.most(20_500);
  });

  it("fails a candidate that fails a check twice, and judges the other checks all the same", async () => {
    const world = new FakeCandidate(({ method }) => ({ status: method === "POST" ? 500 : 200 }));
    expect(lines(await gate(world))).to.deep.equal([
      "fail",
      proven,
      "health: pass, 200 in 10 ms, 3 in a row",
      "storage: fail, 500 in 10 ms",
    ]);
    const broken = new FakeCandidate(() => ({ status: 500 }));
    expect(lines(await gate(broken)).slice(2)).to.deep.equal([
      "health: fail, 500 in 10 ms",
      "storage: fail, 500 in 10 ms",
    ]);
    expect(broken.asked).to.have.length(4);
  });

  it("forgives one hiccup for a row twice as long", async () => {
    const world = new FakeCandidate((request, n) => (n === 2 ? "reset" : good(request, n)));
    expect(lines(await gate(world))[2]).to.equal("health: pass, 200 in 10 ms, 6 in a row");
  });

  for (const [name, isBad] of [
    ["good first", (n: number) => n % 2 === 1],
    ["bad first", (n: number) => n % 2 === 0],
  ] as const) {
    it(`never passes an endpoint that flaps, ${name}`, async () => {
      const world = new FakeCandidate((_, n) => ({ status: isBad(n) ? 500 : 200 }));
      const config = verifyConfig({ checks: [httpCheck()] });
      expect((await gate(world, config)).verdict).to.equal("fail");
    });
  }

  it("rarely passes an endpoint that fails by chance, and nearly always one that hardly ever fails", async () => {
    let seed = 7;
    const random = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    const config = verifyConfig({ checks: [httpCheck({ repeat: 5 })] });
    const passShare = async (failShare: number): Promise<number> => {
      let passes = 0;
      for (let run = 0; run < 200; run += 1) {
        const world = new FakeCandidate(() => ({ status: random() < failShare ? 500 : 200 }));
        passes += (await gate(world, config)).verdict === "pass" ? 1 : 0;
      }
      return passes / 200;
    };
    expect(await passShare(0.8)).to.equal(0);
    expect(await passShare(0.5)).to.be.below(0.1);
    expect(await passShare(0.01)).to.be.above(0.95);
    expect(await passShare(0)).to.equal(1);
  });

  it("fails a check that hangs within its own limit", async () => {
    const world = new FakeCandidate(({ method }) => (method === "POST" ? "hang" : { status: 200 }));
    expect(lines(await gate(world))[3]).to.equal("storage: fail, no answer in 10 s");
  });

  it("ends by its own time and names what it did not reach", async () => {
    const world = new FakeCandidate(({ method }) => (method === "POST" ? "hang" : { status: 200 }));
    const outcome = await gate(world, verifyConfig({ withinMs: 15_000 }));
    expect(lines(outcome)).to.deep.equal([
      "inconclusive",
      proven,
      "health: pass, 200 in 10 ms, 3 in a row",
      "storage: inconclusive, not reached: the time of the gate was over, last no answer in 10 s",
    ]);
    expect(world.now).to.equal(15_000);
    const silent = new FakeCandidate(() => "hang");
    expect((await gate(silent, verifyConfig({ withinMs: 15_000 }))).verdict).to.equal("inconclusive");
    expect(silent.now).to.equal(15_000);
  });

  it("asks GET / below 500 where no check is configured", async () => {
    const world = new FakeCandidate(() => ({ status: 404 }));
    const config = verifyConfig({ checks: [] });
    expect(lines(await gate(world, config))).to.deep.equal([
      "pass",
      proven,
      "GET / answers: pass, 404 in 10 ms, 3 in a row",
    ]);
    expect(world.asked[0]?.path).to.equal("/");
    expect((await gate(new FakeCandidate(() => ({ status: 500 })), config)).verdict).to.equal("fail");
  });

  it("throws the reason when it is called off, before and during a request", async () => {
    const reason = new Error("superseded");
    const thrown = async (world: FakeCandidate, off: AbortController): Promise<unknown> =>
      gate(world, verifyConfig(), off.signal).then(
        () => null,
        (error: unknown) => error,
      );
    const before = new AbortController();
    before.abort(reason);
    const world = new FakeCandidate(good);
    expect(await thrown(world, before)).to.equal(reason);
    expect(world.reads).to.deep.equal([]);
    const during = new AbortController();
    const asked = new FakeCandidate((request, n) => {
      if (n === 2) during.abort(reason);
      return good(request, n);
    });
    expect(await thrown(asked, during)).to.equal(reason);
    expect(asked.asked).to.have.length(3);
  });
});

describe("urlBelow()", () => {
  const base = "https://g-1---api.test";
  for (const [path, expected] of [
    ["/a/b?c=d#e", "/a/b?c=d"],
    ["//evil.test/x", "//evil.test/x"],
    ["/\\evil.test", "//evil.test"],
    ["/../../x", "/x"],
    ["/a b", "/a%20b"],
    ["/@evil.test", "/@evil.test"],
  ] as const) {
    it(`keeps ${path} at the candidate's host`, () => {
      const url = new URL(urlBelow({ base, path }));
      expect([url.host, url.href]).to.deep.equal(["g-1---api.test", `${base}${expected}`]);
    });
  }
});
