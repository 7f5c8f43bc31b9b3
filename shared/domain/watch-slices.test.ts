import { expect } from "chai";
import { candidate, monday, plan, releaseBasics, revisionName } from "../../test/support/fixtures.ts";
import type { Timestamp } from "./ids.ts";
import type { ReleaseIn } from "./service-state.ts";
import { isNews, sliceLength } from "./watch-slices.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const sliceMs = 30 * second;
const pair = { candidate: candidate(), stable: revisionName("background-removal-00000") };
const forEver = Number.POSITIVE_INFINITY;

function baking(bakeMs: number): ReleaseIn<"baking"> {
  const basics = releaseBasics({ plan: plan({ sliceMs, bakeMs }) });
  return { ...basics, ...pair, status: "baking", since: monday, slice: 0 };
}

function holding(changes: Partial<ReleaseIn<"rolling-out">> = {}): ReleaseIn<"rolling-out"> {
  const steps = [{ percent: 10, holdMs: 10 * minute }];
  const basics = releaseBasics({ plan: plan({ sliceMs, steps }) });
  const rolling = { status: "rolling-out", step: 0, fromPercent: 0, movedAt: monday, slice: 0 } as const;
  return { ...basics, ...pair, ...rolling, paused: false, approved: null, ...changes };
}

const at = (heldMs: number, more: Partial<{ until: Timestamp; isAgain: boolean }> = {}) => ({
  now: monday + heldMs,
  until: forEver,
  isAgain: false,
  ...more,
});

/** How often a bake is written down, by calls that begin no further piece after so long. */
function written(bakeMs: number, callMs: number): number {
  const release = baking(bakeMs);
  let slices = 0;
  let callBegan = 0;
  for (let heldMs = 0; heldMs < bakeMs; slices += 1) {
    if (heldMs - callBegan >= callMs) callBegan = heldMs;
    heldMs += sliceLength(release, at(heldMs, { until: monday + callBegan + callMs }));
  }
  return slices;
}

describe("sliceLength()", () => {
  it("is short at first, then a tenth of what was watched, and half an hour at most", () => {
    const release = baking(7 * day);
    const lengths = [0, 5 * minute, 10 * minute, hour, 4 * hour, 6 * hour, 6 * day].map(
      (heldMs) => sliceLength(release, at(heldMs)) / second,
    );
    expect(lengths).to.deep.equal([30, 30, 60, 360, 1_440, 1_800, 1_800]);
  });

  it("writes a hold of ten minutes down as often as before, and a bake of a week some hundred times, not 20,160", () => {
    expect(written(10 * minute, forEver)).to.equal(20);
    expect(written(30 * minute, forEver)).to.equal(33);
    expect(written(7 * day, forEver)).to.equal(384);
    expect(written(7 * day, 5 * minute)).to.equal(1_866);
  });

  it("ends with the hold, and is one round where the hold is over", () => {
    const release = baking(hour);
    expect(sliceLength(release, at(hour - 7 * second))).to.equal(7 * second);
    expect(sliceLength(release, at(hour + second))).to.equal(0);
    expect(sliceLength(holding({ movedAt: null }), at(0))).to.equal(sliceMs);
  });

  it("goes past the end of its invocation by no more than the shortest slice", () => {
    const release = baking(7 * day);
    expect(sliceLength(release, at(day, { until: monday + day + minute }))).to.equal(minute + sliceMs);
    expect(sliceLength(release, at(day, { until: monday + day - hour }))).to.equal(sliceMs);
  });

  it("is the shortest where somebody died in it before, so that a process that dies often gets on too", () => {
    expect(sliceLength(baking(7 * day), at(day, { isAgain: true }))).to.equal(sliceMs);
  });

  it("knows no end of the hold while the release is paused", () => {
    expect(sliceLength(holding({ paused: true }), at(9.9 * minute))).to.equal(sliceMs);
    expect(sliceLength(holding({ paused: true }), at(day))).to.equal(30 * minute);
  });
});

describe("isNews()", () => {
  const seen = (release: Parameters<typeof isNews>[0], heldMs: number) => ({
    of: (before: "pass" | "inconclusive" | null, verdict: "pass" | "fail" | "inconclusive") =>
      isNews(release, { now: monday + heldMs, before, verdict }),
  });

  it("is a failure, and another verdict than before", () => {
    const { of } = seen(baking(day), hour);
    expect([of(null, "fail"), of("pass", "fail"), of("pass", "inconclusive")]).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect(of("inconclusive", "pass")).to.equal(true);
    expect([of(null, "pass"), of("pass", "pass")]).to.deep.equal([false, false]);
    expect([of(null, "inconclusive"), of("inconclusive", "inconclusive")]).to.deep.equal([false, false]);
  });

  it("is that there is no evidence where that takes a paused release back", () => {
    const paused = holding({ paused: true });
    expect(seen(paused, 14 * minute).of("inconclusive", "inconclusive")).to.equal(false);
    expect(seen(paused, 15 * minute).of("inconclusive", "inconclusive")).to.equal(true);
    expect(seen(paused, 15 * minute).of("pass", "pass")).to.equal(false);
  });
});
