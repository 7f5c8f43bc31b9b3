import { expect } from "chai";
import { nextPollAfterMs } from "./release-plan.ts";

const minute = 60_000;

/** In minutes after the start of the build. */
const looks = (plan: Parameters<typeof nextPollAfterMs>[0], count: number) =>
  Array.from({ length: count }, (_, polls) => nextPollAfterMs(plan, polls) / minute);

describe("nextPollAfterMs()", () => {
  it("asks as often all the time, where nothing else is said", () => {
    expect(looks({ pollBuildEveryMs: minute }, 4)).to.deep.equal([1, 2, 3, 4]);
    expect(looks({ pollBuildEveryMs: minute, pollBuildUpToMs: 10_000 }, 2)).to.deep.equal([1, 2]);
  });

  it("asks twice as late each time, and never further apart than it may", () => {
    const growing = { pollBuildEveryMs: minute, pollBuildUpToMs: 5 * minute };
    expect(looks(growing, 7)).to.deep.equal([1, 3, 7, 12, 17, 22, 27]);
  });
});
