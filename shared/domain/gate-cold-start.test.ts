import { expect } from "chai";
import { type ColdStartEvidence, judgeColdStart, warningLine } from "./gate-cold-start.ts";

const config = { withinMs: 120_000, expectMs: null } as const;

function evidence(changes: Partial<ColdStartEvidence> = {}): ColdStartEvidence {
  const firstStart = { from: 0, to: 40_000 };
  return { firstStart, metricMs: null, firstAsked: 41_000, firstAnswerMs: 500, ...changes };
}

describe("judgeColdStart()", () => {
  for (const [name, changes, expected] of [
    [
      "adds the first answer to the start of the same instance",
      {},
      "pass 40.5 s: the first instance started in 40 s, first answer 500 ms more",
    ],
    [
      "counts what a service still loads after it listens",
      { firstStart: { from: 0, to: 3_000 }, firstAsked: 4_000, firstAnswerMs: 30_000 },
      "pass 33 s: the first instance started in 3 s, first answer 30 s more",
    ],
    [
      "takes the longer of both when the instance may be another one by then",
      { firstAsked: 900_000, firstAnswerMs: 42_000 },
      "pass 42 s: the first instance started in 40 s, first answer 42 s later",
    ],
    [
      "takes Cloud Monitoring's start where the revision tells none",
      { firstStart: null, metricMs: 50_000 },
      "pass 50 s: the first instance started in 50 s, first answer 500 ms later",
    ],
    [
      "fails above the limit",
      { firstStart: { from: 0, to: 121_000 }, firstAsked: 121_000 },
      "fail 2 min: the first instance started in 2 min, first answer 500 ms more",
    ],
    [
      "takes a fast answer for no proof of a cold start",
      { firstStart: null, firstAnswerMs: 9 },
      "inconclusive first answer in 9 ms, not shown to come from a new instance",
    ],
  ] as const) {
    it(name, () => {
      const { result, measuredMs } = judgeColdStart({ config, evidence: evidence(changes), learntMs: [] });
      expect(`${result.verdict} ${result.measured}`).to.equal(expected);
      expect(result.limit).to.equal("within 2 min");
      expect(measuredMs === null).to.equal(result.verdict === "inconclusive");
    });
  }

  for (const [name, expectMs, learntMs, warning] of [
    ["inside of what is expected", [30_000, 60_000], [], undefined],
    ["faster than expected", [50_000, 60_000], [], "outside of the expected 50 s to 60 s"],
    ["slower than expected", [10_000, 20_000], [], "outside of the expected 10 s to 20 s"],
    ["usual for this service", null, [38_000, 40_000, 41_000], undefined],
    [
      "unusual for this service",
      null,
      [20_000, 21_000, 20_500],
      "the last 3 good releases took about 20.5 s, and more than 25.6 s is unusual",
    ],
    [
      "both",
      [10_000, 20_000],
      [20_000, 20_000, 20_000],
      "outside of the expected 10 s to 20 s; the last 3 good releases took about 20 s, and more than 25 s is unusual",
    ],
  ] as const) {
    it(`passes, and tells what is ${name}`, () => {
      const given = { config: { ...config, expectMs }, evidence: evidence(), learntMs };
      const { result } = judgeColdStart(given);
      expect([result.verdict, result.warning]).to.deep.equal(["pass", warning]);
    });
  }
});

describe("warningLine()", () => {
  it("learns nothing from fewer than three releases", () => {
    expect(warningLine([1, 2])).to.equal(null);
  });

  it("is not moved by one release that was slow", () => {
    expect(warningLine([40_000, 41_000, 42_000, 39_000, 400_000])?.lineMs).to.be.below(52_000);
  });

  it("leaves alone what differs by less than a second", () => {
    expect(warningLine([140, 150, 230])?.lineMs).to.equal(1_150);
  });

  it("is wider where the good releases differ more", () => {
    expect(warningLine([20_000, 40_000, 60_000, 30_000, 50_000])?.lineMs).to.equal(40_000 + 3 * 14_826);
  });
});
