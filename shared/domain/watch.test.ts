import { expect } from "chai";
import fc from "fast-check";
import { evidenceAbove, falseAlarmRate, provesAbove, provingRow } from "./evidence.ts";
import type { WatchConfig } from "./release-config.ts";
import {
  emptyTally,
  judgeWatch,
  leastLatencySamples,
  type Observation,
  type Tally,
  tallied,
  watchVerdict,
} from "./watch.ts";

const watch = (more: Partial<WatchConfig> = {}): WatchConfig => ({
  everyMs: 10_000,
  maxErrorShare: 0.01,
  latencyP95Ms: null,
  latencyIncrease: null,
  ...more,
});

const see = (more: Partial<Observation> = {}): Observation => ({
  check: "health",
  outcome: "pass",
  durationMs: 10,
  measured: "200 in 10 ms",
  stranger: null,
  ...more,
});

/** `+` pass, `-` fail, `?` unobserved. */
function tallyOf(outcomes: string, config: WatchConfig = watch()): Tally {
  const words = { "+": "pass", "-": "fail", "?": "unobserved" } as const;
  let tally = emptyTally;
  for (const outcome of outcomes) {
    if (outcome !== "+" && outcome !== "-" && outcome !== "?") throw new Error(outcome);
    tally = tallied({ tally, observation: see({ outcome: words[outcome] }), watch: config });
  }
  return tally;
}

const verdictOf = (outcomes: string, config: WatchConfig = watch()): string =>
  watchVerdict(judgeWatch({ tally: tallyOf(outcomes, config), watch: config }));

describe("judgeWatch()", () => {
  const table: readonly [string, string, string][] = [
    ["passes what always passes", "+++", "pass"],
    ["knows nothing where nothing was observed", "", "inconclusive"],
    ["knows nothing where only 429 was answered", "????", "inconclusive"],
    ["fails three failures in a row", "---", "fail"],
    ["fails three failures in a row after a long good time", `${"+".repeat(10_000)}---`, "fail"],
    ["fails three in a row with something unobserved between them", "-?-?-", "fail"],
    ["does not decide while a row is open", "++++--", "inconclusive"],
    ["passes two failures in a row that are over", `${"+".repeat(20)}--+`, "pass"],
    ["passes one failure in twenty", `${"+".repeat(10)}-${"+".repeat(9)}`, "pass"],
    ["passes one failure in twenty at the very start", `-${"+".repeat(19)}`, "pass"],
    ["fails an endpoint that flaps, as soon as it is proven", "+-+-+-+", "fail"],
    ["fails one in five", "++++-".repeat(6), "fail"],
  ];
  for (const [name, outcomes, expected] of table) {
    it(name, () => expect(verdictOf(outcomes)).to.equal(expected));
  }

  it("tells what it counted", () => {
    const tally = tallied({
      tally: tallyOf("++?-"),
      observation: see({ outcome: "fail", measured: "500 in 3 ms" }),
      watch: watch(),
    });
    expect(judgeWatch({ tally, watch: watch() })).to.deep.equal([
      {
        name: "errors",
        verdict: "inconclusive",
        measured: "2 of 4 failed, 2 in a row, last health: 500 in 3 ms, 1 not observed",
        limit: "at most 1 %, no 3 in a row",
      },
    ]);
  });

  it("fails at once when another revision answers, even where the answer was not counted", () => {
    const tally = tallied({
      tally: emptyTally,
      observation: see({ outcome: "unobserved", stranger: "api-00001-xyz" }),
      watch: watch(),
    });
    const [identity] = judgeWatch({ tally, watch: watch() });
    expect(identity).to.deep.include({ name: "identity", verdict: "fail" });
  });

  it("counts rows by check", () => {
    let tally = emptyTally;
    for (const check of ["a", "b", "a", "b"]) {
      tally = tallied({ tally, observation: see({ check, outcome: "fail" }), watch: watch() });
      tally = tallied({ tally, observation: see({ check: "c" }), watch: watch() });
    }
    expect(tally.rows).to.deep.equal({ a: 2, b: 2, c: 0 });
  });

  it("judges the p95 only with enough samples, and only when it is proven", () => {
    const config = watch({ latencyP95Ms: 100 });
    const judge = (slow: number, quick: number): string => {
      let tally = emptyTally;
      for (let i = 0; i < slow + quick; i += 1) {
        const observation = see({ durationMs: i < slow ? 150 : 50 });
        tally = tallied({ tally, observation, watch: config });
      }
      const latency = judgeWatch({ tally, watch: config }).find(({ name }) => name === "latency");
      return `${latency?.verdict}: ${latency?.measured}`;
    };
    expect(judge(0, 0)).to.match(/^inconclusive/);
    expect(judge(19, 0)).to.equal("pass: 19 of 19 above 100 ms, slowest 150 ms (too few to fail)");
    expect(judge(leastLatencySamples, 0)).to.equal("fail: 20 of 20 above 100 ms, slowest 150 ms");
    expect(judge(1, 19)).to.match(/^pass/);
    expect(judge(10, 10)).to.match(/^fail/);
  });

  it("says the same of the same tally, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("+", "-", "?"), { maxLength: 60 }), (outcomes) => {
        const once = verdictOf(outcomes.join(""));
        expect(verdictOf(outcomes.join(""))).to.equal(once);
        expect(once).to.be.oneOf(["pass", "fail", "inconclusive"]);
      }),
    );
  });
});

describe("the evidence", () => {
  it("rarely blames a candidate at its limit, though it is looked at after every request", () => {
    let seed = 42;
    const random = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    const runs = 400;
    let alarms = 0;
    for (let run = 0; run < runs; run += 1) {
      let bad = 0;
      for (let total = 1; total <= 1_000; total += 1) {
        bad += random() < 0.01 ? 1 : 0;
        if (!provesAbove({ count: { bad, total }, limit: 0.01, least: 3 })) continue;
        alarms += 1;
        break;
      }
    }
    expect(alarms / runs).to.be.at.most(5 * falseAlarmRate);
  });

  it("is a fair bet: expected to stay at one while the share is at the limit", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 30 }),
        fc.nat({ max: 200 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (bad, good, limit) => {
          const at = (b: number, g: number): number =>
            evidenceAbove({ count: { bad: b, total: b + g }, limit });
          const expected = limit * at(bad + 1, good) + (1 - limit) * at(bad, good + 1);
          expect(expected / at(bad, good)).to.be.closeTo(1, 1e-9);
        },
      ),
    );
  });

  it("grows with failures, shrinks with passes, and stays finite", () => {
    const at = (bad: number, total: number): number => evidenceAbove({ count: { bad, total }, limit: 0.01 });
    expect(at(4, 10)).to.be.above(at(3, 10));
    expect(at(3, 11)).to.be.below(at(3, 10));
    expect(at(1e9, 1e9)).to.be.finite;
    expect(at(0, 0)).to.equal(1);
  });

  it("never proves more than everything, and never from nothing but one failure at a limit of zero", () => {
    expect(provesAbove({ count: { bad: 50, total: 50 }, limit: 1, least: 3 })).to.equal(false);
    expect(provesAbove({ count: { bad: 1, total: 1 }, limit: 0, least: 3 })).to.equal(false);
    expect(provesAbove({ count: { bad: 3, total: 3 }, limit: 0, least: 3 })).to.equal(true);
  });

  it("asks for longer rows where the limit is loose", () => {
    expect([0, 0.01, 0.1, 0.2, 0.5, 1].map(provingRow)).to.deep.equal([3, 3, 3, 5, 10, Infinity]);
  });
});
