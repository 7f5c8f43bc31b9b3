import { expect } from "chai";
import { given } from "../../test/support/decider-spec.ts";
import { candidate, image, monday, plan, releaseBasics } from "../../test/support/fixtures.ts";
import { buildId, minute, say, stable, upTo } from "../../test/support/release-story.ts";
import type { Command } from "./commands.ts";
import { alsoDoes, owed, stageOf } from "./owed.ts";
import { splitAt, splitsBeforeMove, splitsOfRelease, stepAt, wantedSplit } from "./release-plan.ts";
import type { ReleaseBasics } from "./service-state.ts";

const approval = { required: true, from: [], count: 1, authorMayApprove: true, expiresMs: 60 * minute };
const asking: ReleaseBasics = releaseBasics({ plan: plan({ approval }) });

const prebuilt = releaseBasics({ prebuilt: { reference: "registry.test/api:v1", image: image() } });

describe("owed", () => {
  const cases = [
    ["nothing runs", given(), []],
    ["a release begins", given(say.request()), ["release-1/preflight/1"]],
    ["a build is to be started", given(say.request(), say.preflight()), ["release-1/start-build/1"]],
    ["a build runs", given(...upTo("building")), ["release-1/check-build/1"]],
    [
      "a build was asked after once",
      given(...upTo("building"), say.buildWorking()),
      ["release-1/check-build/2"],
    ],
    ["the platform lost a build", given(...upTo("building"), say.buildLost()), ["release-1/start-build/2"]],
    [
      "a lost build is built once more",
      given(...upTo("building"), say.buildLost(), say.buildStarted({}, buildId("build-2"))),
      ["release-1/check-build/again-1"],
    ],
    ["an image is given, which is looked at first", given(say.request(prebuilt)), ["release-1/preflight/1"]],
    ["an image is given", given(say.request(prebuilt), say.preflight()), ["release-1/deploy-candidate/1"]],
    ["an image is built", given(...upTo("deploying")), ["release-1/deploy-candidate/1"]],
    ["a candidate is deployed", given(...upTo("verifying")), ["release-1/verify-candidate/1"]],
    [
      "approval is awaited",
      given(...upTo("verifying", asking), say.gate()),
      ["release-1/expire-approval/approval-1", "release-1/watch-waiting/approval-1"],
    ],
    ["a step begins", given(...upTo("verifying"), say.gate()), ["release-1/move-traffic/0"]],
    ["a step holds", given(...upTo("rolling-out")), ["release-1/watch/0-0"]],
    ["the bake goes on", given(...upTo("baking")), ["release-1/watch/bake-0"]],
    [
      "stable is to be restored",
      given(...upTo("baking"), say.rollBack()),
      [`release-1/restore-stable/${monday}`],
    ],
    ["a release is held", given(...upTo("baking"), say.drift([])), []],
    ["a release left a build", given(...upTo("building"), say.cancel()), ["release-1/tidy/build-1"]],
    ["a release left a candidate", given(...upTo("live")), ["release-1/tidy/candidate-1"]],
  ] as const;
  for (const [name, { state }, ids] of cases)
    it(`is ${ids.join(", ") || "nothing"} when ${name}`, () => {
      expect(owed(state).map(({ id }) => id)).to.deep.equal(ids);
    });

  it("falls due when the state says so: a poll after its interval, an expiry at its time", () => {
    expect(owed(given(...upTo("building")).state)[0]?.dueAt).to.equal(monday + minute);
    expect(owed(given(...upTo("verifying", asking), say.gate()).state)[0]?.dueAt).to.equal(
      monday + 60 * minute,
    );
  });

  it("puts every writer of the service in one lane", () => {
    const lanes =
      [...upTo("verifying")].length &&
      owed(given(...upTo("verifying"), say.gate()).state).map(({ lane }) => lane);
    expect(lanes).to.deep.equal(["traffic"]);
    expect(owed(given(...upTo("rolling-out")).state)[0]?.lane).to.equal(null);
  });

  it("lets the rollout restore stable itself", () => {
    expect(stageOf["restore-stable"]).to.equal("rollback");
    expect(alsoDoes.rollout).to.include("restore-stable");
  });
});

describe("release plan", () => {
  const pair = { candidate: candidate(), stable };
  const revision = pair.candidate.revision;

  it("splits between stable and candidate, and gives a first deploy everything", () => {
    expect(splitAt(pair, 5)).to.deep.equal([
      { revision: stable, percent: 95 },
      { revision, percent: 5 },
    ]);
    expect(splitAt(pair, 100)).to.deep.equal([{ revision, percent: 100 }]);
    expect(splitAt(pair, 0)).to.deep.equal([{ revision: stable, percent: 100 }]);
    expect(splitAt({ ...pair, stable: null }, 0)).to.deep.equal([{ revision, percent: 100 }]);
  });

  it("has no step past the last", () => {
    expect(stepAt(plan(), 1)).to.deep.equal({ percent: 100, holdMs: 0 });
    expect(stepAt(plan(), 2)).to.equal(null);
  });

  it("knows what each status wants of the traffic", () => {
    const wanted = (...commands: readonly Command[]) => {
      const { active } = given(...commands).state;
      return active && wantedSplit(active);
    };
    const whole = [{ revision: stable, percent: 100 }];
    expect(wanted(...upTo("building"))).to.equal(null);
    expect(wanted(...upTo("deploying"))).to.equal(null);
    expect(wanted(...upTo("verifying"))).to.deep.equal(whole);
    expect(wanted(...upTo("verifying", asking), say.gate())).to.deep.equal(whole);
    expect(wanted(...upTo("rolling-out"))).to.deep.equal(splitAt(pair, 10));
    expect(wanted(...upTo("baking"))).to.deep.equal(splitAt(pair, 100));
    expect(wanted(...upTo("baking"), say.rollBack())).to.deep.equal(whole);
    expect(wanted(...upTo("baking"), say.drift(splitAt(pair, 50)))).to.deep.equal(splitAt(pair, 50));
    expect(
      wanted(
        ...upTo("deploying"),
        say.deployed({}, candidate(), null),
        say.gate(),
        say.moved(1, {}, { code: "traffic-write-failed", message: "" }),
      ),
    ).to.deep.equal([]);
  });

  it("may replace only what this release can have left", () => {
    const { active } = given(...upTo("rolling-out")).state;
    if (active?.status !== "rolling-out") expect.fail("it should roll out");
    expect(splitsBeforeMove(active)).to.deep.equal([splitAt(pair, 0), splitAt(pair, 10)]);
    expect(splitsBeforeMove({ ...active, step: 1, fromPercent: 10 })).to.deep.equal([
      splitAt(pair, 10),
      splitAt(pair, 100),
    ]);
    expect(splitsOfRelease(active)).to.deep.equal([splitAt(pair, 0), splitAt(pair, 10), splitAt(pair, 100)]);
  });
});
