import { expect } from "chai";
import { isQuiet, isUnclear } from "./quiet-fact.ts";

describe("isQuiet()", () => {
  it("is true of what comes again and again while nothing changes", () => {
    expect(isQuiet({ type: "build-polled" })).to.equal(true);
    expect(isQuiet({ type: "watch-went-on", slice: 2, checks: [{ verdict: "pass" }] })).to.equal(true);
  });

  it("is false of the first slice of a step, and of one that found no evidence", () => {
    expect(isQuiet({ type: "watch-went-on", slice: 1, checks: [{ verdict: "pass" }] })).to.equal(false);
    const unsure = [{ verdict: "pass" }, { verdict: "inconclusive" }];
    expect(isQuiet({ type: "watch-went-on", slice: 9, checks: unsure })).to.equal(false);
  });

  it("is false of everything else, also of what only a newer Gantry knows", () => {
    for (const type of ["traffic-moved", "release-live", "decision-refused", "of-a-newer-gantry", "toString"])
      expect(isQuiet({ type }), type).to.equal(false);
  });
});

describe("isUnclear()", () => {
  const check = {
    name: "errors",
    verdict: "inconclusive",
    measured: "0 of 0 failed",
    limit: "at most 1 %",
  } as const;

  it("is true while a release is watched and its watch found no evidence", () => {
    expect(isUnclear({ status: "baking", checks: [check] })).to.equal(true);
    expect(isUnclear({ status: "rolling-out", checks: [{ ...check, verdict: "pass" }] })).to.equal(false);
    expect(isUnclear({ status: "failed", checks: [check] })).to.equal(false);
  });
});
