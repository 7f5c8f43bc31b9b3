import { expect } from "chai";
import type { ActiveRelease, LiveRelease } from "../../shared/domain/service-state.ts";
import {
  candidate,
  monday,
  plan,
  releaseBasics,
  revisionName,
  serviceState,
} from "../../test/support/fixtures.ts";
import { duration, nowInWords } from "./now-in-words.ts";

const pair = { candidate: candidate(), stable: revisionName("background-removal-00001") };
const live: LiveRelease = { ...releaseBasics(), ...pair, since: monday };
const failure = { code: "traffic-moved-by-hand", message: "Somebody moved the traffic." } as const;

function sentence(active: ActiveRelease | null, after = 0): string {
  return nowInWords({ state: serviceState({ active }), now: monday + after });
}

describe("nowInWords()", () => {
  const release = releaseBasics();
  const step = {
    ...release,
    status: "rolling-out",
    step: 0,
    fromPercent: 0,
    movedAt: monday,
    slice: 0,
    paused: false,
    approved: null,
    ...pair,
  } as const;

  it("tells of a service at rest", () => {
    expect(sentence(null)).to.equal("Nothing was released yet.");
    expect(nowInWords({ state: serviceState({ active: null, live }), now: monday })).to.equal(
      "v1.0.0 is live; nothing is being released.",
    );
  });

  it("counts down to the next step, and to the bake after the last one", () => {
    expect(sentence(step, 23_000)).to.equal("v1.0.0 holds 10 %; 100 % follows in 0:37.");
    expect(sentence(step, 99_000)).to.equal(
      "v1.0.0 holds 10 %; 100 % follows once the last look at it went well.",
    );
    expect(sentence({ ...step, step: 1 })).to.equal(
      "v1.0.0 holds 100 %; the bake follows once the last look at it went well.",
    );
    expect(sentence({ ...step, movedAt: null })).to.equal("v1.0.0 is moving to 10 %.");
    expect(sentence({ ...step, paused: true })).to.equal(
      "v1.0.0 is paused at 10 % and is watched; no step follows until it is resumed.",
    );
    expect(sentence({ ...step, step: 9 })).to.equal("v1.0.0 is getting traffic in steps.");
  });

  it("counts down the bake and the time to approve", () => {
    expect(sentence({ ...release, status: "baking", since: monday, slice: 0, ...pair })).to.equal(
      "v1.0.0 has all traffic and bakes for another 1:00.",
    );
    const approval = { ...plan().approval, required: true, count: 2 };
    const waiting = {
      ...release,
      plan: plan({ approval }),
      status: "awaiting-approval",
      approvalId: "approval-1",
      approvedBy: [],
    } as const;
    expect(sentence({ ...waiting, expiresAt: monday + 7_512_000, ...pair })).to.equal(
      "v1.0.0 waits for approval (0 of 2), for another 2:05:12.",
    );
  });

  it("says why a release is held or goes back", () => {
    expect(sentence({ ...release, status: "held", failure, since: monday, found: [], ...pair })).to.equal(
      "v1.0.0 is held and waits for a person: Somebody moved the traffic.",
    );
    const back = { ...release, status: "rolling-back", failure, since: monday, target: null } as const;
    expect(sentence({ ...back, by: { kind: "system", name: "gantry" }, ...pair })).to.equal(
      "v1.0.0 is being rolled back: Somebody moved the traffic.",
    );
  });

  it("writes durations with minutes and seconds, and hours where there are any", () => {
    expect([0, 1, 59_600, 61_000, 3_600_000].map(duration)).to.deep.equal([
      "0:00",
      "0:01",
      "1:00",
      "1:01",
      "1:00:00",
    ]);
  });
});
