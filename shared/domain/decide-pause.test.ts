import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import { candidate, monday, plan, releaseBasics } from "../../test/support/fixtures.ts";
import { minute, recordAfter, say, stable, upTo } from "../../test/support/release-story.ts";
import type { Command } from "./commands.ts";
import { owed } from "./owed.ts";
import { splitAt, splitsBeforeMove } from "./release-plan.ts";
import type { ReleaseBasics, ServiceState } from "./service-state.ts";

const pair = { candidate: candidate(), stable };
const steps = [
  { percent: 5, holdMs: minute },
  { percent: 25, holdMs: minute },
  { percent: 50, holdMs: minute },
  { percent: 100, holdMs: 0 },
];
const inFour: ReleaseBasics = releaseBasics({ plan: plan({ steps }) });

/** A release in four steps that holds the given one, counted from 0. */
function holding(step: number, ...then: readonly Command[]) {
  const taken = steps.slice(0, step).flatMap((_, n) => {
    const at = monday + (n + 1) * minute;
    return [say.watched(n, 0, { at }), say.moved(n + 1, { at })];
  });
  return given(...upTo("rolling-out", inFour), ...taken, ...then);
}

function rollingOut({ active }: ServiceState) {
  if (active?.status !== "rolling-out") return expect.fail(`it is ${active?.status}`);
  return active;
}

const elsewhere = [
  ["nothing was released", given().state],
  ["it is being verified", given(...upTo("verifying")).state],
  ["it bakes", given(...upTo("baking")).state],
  ["it goes back", given(...upTo("rolling-out"), say.rollBack()).state],
  ["it is held", given(...upTo("rolling-out"), say.drift([])).state],
  ["it is live", given(...upTo("live")).state],
] as const;

describe("decide: pausing a rollout", () => {
  for (const [when, state] of elsewhere)
    it(`refuses to pause, resume and promote when ${when}`, () => {
      for (const command of [say.pause(), say.resume(), say.promote()])
        carryOn(state).when(command).isRefused("not-rolling-out");
    });

  it("takes no step while paused, even long past the hold, and watches on", () => {
    let { state } = holding(0, say.pause());
    expect(state.active).to.include({ paused: true, step: 0 });
    for (const slice of [0, 1, 2]) {
      const at = monday + (slice + 1) * 10 * minute;
      state = carryOn(state)
        .when(say.watched(0, slice, { at }))
        .happens("watch-went-on");
      expect(owed(state).map(({ kind }) => kind)).to.deep.equal(["watch"]);
    }
    expect(state.active).to.include({ paused: true, step: 0, slice: 3 });
  });

  it("lets a step that is on its way arrive, and takes none after it", () => {
    const { state } = given(...upTo("verifying", inFour), say.gate(), say.pause(), say.moved(0));
    expect(state.active).to.include({ paused: true, step: 0, movedAt: monday });
    carryOn(state)
      .when(say.watched(0, 0, { at: monday + minute }))
      .happens("watch-went-on");
  });

  it("takes back a candidate that goes bad while paused", () => {
    holding(1, say.pause())
      .when(say.watched(1, 0, { at: monday + minute }, "fail"))
      .happens("watch-failed", "rollback-began");
  });

  it("takes back what nothing can be measured of for too long while paused", () => {
    holding(0, say.pause())
      .when(say.watched(0, 0, { at: monday + 5 * minute }, "inconclusive"))
      .happens("watch-went-on");
    holding(0, say.pause())
      .when(say.watched(0, 0, { at: monday + 6 * minute }, "inconclusive"))
      .happens("watch-failed", "rollback-began");
  });

  it("keeps the last step from baking while paused", () => {
    const at = monday + 10 * minute;
    holding(3, say.pause())
      .when(say.watched(3, 0, { at }))
      .happens("watch-went-on");
    holding(3, say.pause(), say.resume())
      .when(say.watched(3, 0, { at }))
      .happens("bake-began");
  });

  it("changes nothing when paused twice, and refuses to resume what is not paused", () => {
    holding(0, say.pause()).when(say.pause()).changesNothing();
    holding(0).when(say.resume()).isRefused("not-paused");
  });

  it("goes on with the next step once resumed, if its hold is over", () => {
    const resumed = holding(0, say.pause(), say.resume());
    expect(resumed.state.active).to.include({ paused: false, step: 0 });
    resumed.when(say.watched(0, 0, { at: monday + minute - 1 })).happens("watch-went-on");
    const state = resumed.when(say.watched(0, 0, { at: monday + minute })).happens("step-began");
    expect(state.active).to.include({ paused: false, step: 1 });
  });

  it("still lets a person roll back, and counts traffic moved by hand", () => {
    holding(1, say.pause()).when(say.rollBack()).happens("rollback-began");
    holding(1, say.pause())
      .when(say.drift(splitAt(pair, 77)))
      .happens("release-held");
  });
});

describe("decide: promoting", () => {
  for (const step of [0, 1, 2])
    for (const paused of [false, true])
      it(`takes the last step next from step ${step}${paused ? ", paused" : ""}`, () => {
        const then = holding(step, ...(paused ? [say.pause()] : [])).when(say.promote());
        const state = then.happens("rollout-promoted", "step-began");
        expect(then.events[1]).to.include({ step: 3, percent: 100 });
        const active = rollingOut(state);
        expect(active).to.include({ step: 3, paused: false, movedAt: null });
        expect(active.fromPercent).to.equal(steps[step]?.percent);
        expect(splitsBeforeMove(active)[0]).to.deep.equal(splitAt(pair, steps[step]?.percent ?? 0));
        expect(owed(state).map(({ id }) => id)).to.deep.equal(["release-1/move-traffic/3"]);
      });

  it("changes nothing at the last step, paused or not", () => {
    holding(3).when(say.promote()).changesNothing();
    holding(3, say.pause()).when(say.promote()).changesNothing();
  });

  it("changes nothing when promoted twice", () => {
    holding(0, say.promote()).when(say.promote()).changesNothing();
  });

  it("may find what a step left that was on its way", () => {
    const onItsWay = holding(0, say.watched(0, 0, { at: monday + minute }));
    expect(onItsWay.state.active).to.include({ step: 1, movedAt: null, fromPercent: 5 });
    const active = rollingOut(onItsWay.when(say.promote()).state);
    expect(active).to.include({ step: 3, fromPercent: 5 });
    expect(splitsBeforeMove(active)).to.deep.equal([5, 25, 50, 100].map((percent) => splitAt(pair, percent)));
    const atFirst = given(...upTo("verifying", inFour), say.gate(), say.promote());
    expect(rollingOut(atFirst.state).fromPercent).to.equal(0);
  });

  it("ignores what the step before reports late", () => {
    holding(0, say.promote())
      .when(say.watched(0, 0, { at: monday + minute }, "fail"))
      .changesNothing();
    holding(0, say.promote()).when(say.moved(0)).changesNothing();
  });

  it("watches and bakes as after any last step", () => {
    holding(0, say.promote(), say.moved(3)).when(say.watched(3, 0)).happens("bake-began");
    holding(0, say.promote(), say.moved(3))
      .when(say.watched(3, 0, {}, "fail"))
      .happens("watch-failed", "rollback-began");
  });

  it("shows in the record what is paused, and where traffic goes next", () => {
    const told = (...commands: readonly Command[]) =>
      recordAfter(inFour, [...upTo("rolling-out", inFour), ...commands]);
    expect(told(say.pause())).to.include({ paused: true, percent: 5, nextPercent: 5 });
    expect(told(say.pause(), say.resume())).to.include({ paused: false });
    expect(told(say.pause(), say.promote())).to.include({ paused: false, percent: 5, nextPercent: 100 });
  });
});
