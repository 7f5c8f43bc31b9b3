import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import {
  candidate,
  commitSha,
  image,
  monday,
  plan,
  releaseBasics,
  releaseId,
  revisionName,
} from "../../test/support/fixtures.ts";
import { first, minute, say, second, stable, third, upTo } from "../../test/support/release-story.ts";

const other = candidate({ revision: revisionName("background-removal-00003"), image: image("d2") });

describe("decide: a request for a release", () => {
  it("begins at once where nothing runs", () => {
    const state = given().when(say.request()).happens("release-requested", "release-began");
    expect(state.active).to.include({ id: first.id, status: "building", build: null });
  });

  it("changes nothing when the same request comes again", () => {
    given(say.request()).when(say.request()).changesNothing();
    given(...upTo("live"))
      .when(say.request())
      .changesNothing();
  });

  it("is refused when a webhook tells of a tag and commit that were requested before", () => {
    const again = releaseBasics({ id: releaseId("release-9") });
    const message = given(say.request()).when(say.request(again)).isRefused("tag-already-released");
    expect(message).to.contain("release-1");
  });

  it("is refused when the tag was moved to another commit, until a person names the tag", () => {
    const moved = releaseBasics({ id: releaseId("release-9"), commit: commitSha("beef") });
    given(say.request()).when(say.request(moved)).isRefused("tag-moved");
    given(say.request())
      .when(say.request(moved, { explicit: true }))
      .happens("release-requested", "release-superseded", "release-began");
  });

  it("is refused when the tag is older than the live one, until a person names the tag", () => {
    const live = given(...upTo("live", second));
    live.when(say.request(first)).isRefused("tag-older");
    live.when(say.request(first, { explicit: true })).happens("release-requested", "release-began");
  });

  for (const point of ["building", "deploying", "verifying"] as const)
    it(`takes the place of a release that is ${point}, which has no traffic`, () => {
      const state = given(...upTo(point))
        .when(say.request(second))
        .happens("release-requested", "release-superseded", "release-began");
      expect(state.active).to.include({ id: second.id, status: "building" });
      expect(state.leftovers).to.deep.equal([
        {
          releaseId: first.id,
          build: point === "building",
          candidate: point !== "building",
          ended: "failed",
          found: 1,
        },
      ]);
    });

  it("is superseded at once when a newer tag is on its way already", () => {
    const state = given(...upTo("building", second))
      .when(say.request(first))
      .happens("release-requested", "release-queued", "release-superseded");
    expect(state.active?.id).to.equal(second.id);
    expect(state.queue).to.deep.equal([]);
  });

  for (const point of ["rolling-out", "baking"] as const)
    it(`waits behind a release that is ${point}`, () => {
      const state = given(...upTo(point))
        .when(say.request(second))
        .happens("release-requested", "release-queued");
      expect(state.active?.id).to.equal(first.id);
      expect(state.queue).to.deep.equal([second]);
    });

  it("takes the place of an older tag that waits, and yields to a newer one", () => {
    const waiting = given(...upTo("baking"), say.request(second));
    expect(
      waiting.when(say.request(third)).happens("release-requested", "release-superseded", "release-queued")
        .queue,
    ).to.deep.equal([third]);
    const newer = given(...upTo("baking"), say.request(third));
    expect(
      newer.when(say.request(second)).happens("release-requested", "release-queued", "release-superseded")
        .queue,
    ).to.deep.equal([third]);
  });

  it("begins when the release before it has ended", () => {
    const state = given(...upTo("baking"), say.request(second))
      .when(say.watched(null, 0, { at: monday + 2 * minute }))
      .happens("release-live", "release-began");
    expect(state.active).to.include({ id: second.id, status: "building" });
    expect(state.queue).to.deep.equal([]);
  });
});

describe("decide: build and deploy", () => {
  it("notes the build once", () => {
    const started = given(say.request());
    started.when(say.buildStarted()).happens("build-started");
    given(say.request(), say.buildStarted()).when(say.buildStarted()).changesNothing();
  });

  it("clears away a build that was started for a release that is over", () => {
    const over = given(say.request(), say.cancel(), say.tidied());
    const state = over.when(say.buildStarted()).happens("leftovers-found");
    expect(state.leftovers).to.deep.equal([
      { releaseId: first.id, build: true, candidate: false, ended: "failed", found: 1 },
    ]);
  });

  it("takes the end of a build whose start was never reported", () => {
    given(say.request()).when(say.built()).happens("build-succeeded");
  });

  it("counts the polls of a build that works, and gives it up past its deadline", () => {
    const state = given(...upTo("building"))
      .when(say.buildWorking({ at: monday + minute }))
      .happens("build-polled");
    expect(state.active).to.have.nested.property("build.polls", 1);
    const late = given(...upTo("building"))
      .when(say.buildWorking({ at: monday + 31 * minute }))
      .happens("release-failed");
    expect(late.leftovers[0]).to.include({ build: true });
    given(say.request()).when(say.buildWorking()).changesNothing();
  });

  it("fails without traffic when the build fails", () => {
    const { events, state } = given(...upTo("building")).when(say.buildFailed());
    expect(events).to.deep.include({
      type: "release-failed",
      at: monday,
      releaseId: first.id,
      failure: { code: "build-failed", message: "step 0 failed" },
    });
    expect(state.active).to.equal(null);
  });

  it("ignores a build that is not the release's, and one that ends after the release", () => {
    const foreign = { ...say.built(), buildId: "build-9" } as ReturnType<typeof say.built>;
    given(...upTo("building"))
      .when(foreign)
      .changesNothing();
    given(...upTo("deploying"))
      .when(say.built())
      .changesNothing();
    given(...upTo("deploying"))
      .when(say.buildWorking())
      .changesNothing();
  });

  it("does not deploy an image that is quarantined, until a person frees it", () => {
    const back = given(...upTo("baking"), say.rollBack(), say.restored(), say.tidied());
    expect(back.state.quarantine).to.have.length(1);
    const again = releaseBasics({ id: releaseId("release-9") });
    const building = carryOn(back.state, say.request(again, { explicit: true }));
    const refused = building.when(say.built({ id: again.id }));
    refused.happens("build-succeeded", "release-failed");
    expect(refused.events.at(-1))
      .to.have.nested.property("failure.message")
      .that.includes(`gantry quarantine free ${back.state.key} ${image().digest.slice(0, 19)}`);
    const freed = back.when(say.free()).happens("digest-freed");
    expect(freed.quarantine).to.deep.equal([]);
    carryOn(freed, say.request(again, { explicit: true }))
      .when(say.built({ id: again.id }))
      .happens("build-succeeded");
    given().when(say.free()).isRefused("not-quarantined");
  });

  it("goes on to the gate with the candidate and the stable that were found", () => {
    const state = given(...upTo("deploying"))
      .when(say.deployed())
      .happens("candidate-deployed");
    expect(state.active).to.include({ status: "verifying", stable });
    given(...upTo("verifying"))
      .when(say.deployed())
      .changesNothing();
  });

  it("fails and clears away when the candidate does not become ready", () => {
    const state = given(...upTo("deploying"))
      .when(say.deployFailed())
      .happens("release-failed");
    expect(state.leftovers).to.deep.equal([
      { releaseId: first.id, build: false, candidate: true, ended: "failed", found: 1 },
    ]);
  });

  it("clears away a candidate that was deployed for a release that is over, and never harms one that is live", () => {
    const cancelled = given(...upTo("deploying"), say.cancel(), say.tidied()).when(say.deployed());
    expect(cancelled.happens("leftovers-found").leftovers[0]).to.include({
      candidate: true,
      ended: "failed",
    });
    const live = given(...upTo("live"), say.tidied()).when(say.deployed());
    expect(live.happens("leftovers-found").leftovers[0]).to.include({ candidate: true, ended: "live" });
    const past = given(...upTo("live"), say.tidied(), ...upTo("live", second, other)).when(say.deployed());
    expect(past.happens("leftovers-found").leftovers.at(-1)).to.include({
      releaseId: first.id,
      ended: "live",
    });
  });
});

describe("decide: gate and rollout", () => {
  it("begins the first step when the gate passed", () => {
    const state = given(...upTo("verifying"))
      .when(say.gate())
      .happens("gate-passed", "step-began");
    expect(state.active).to.include({ status: "rolling-out", step: 0, movedAt: null });
  });

  it("keeps how cold the start was, where it was measured", () => {
    const measured = { ...say.gate(), coldStartMs: 41_000 } as ReturnType<typeof say.gate>;
    const [passed] = given(...upTo("verifying")).when(measured).events;
    expect(passed).to.include({ type: "gate-passed", coldStartMs: 41_000 });
    const [other] = given(...upTo("verifying")).when(say.gate()).events;
    expect(other).to.not.have.property("coldStartMs");
  });

  for (const verdict of ["fail", "inconclusive"] as const)
    it(`ends without traffic when the gate is ${verdict}`, () => {
      const then = given(...upTo("verifying")).when(say.gate(verdict));
      then.happens("gate-failed", "release-failed");
      expect(then.events[1]).to.have.nested.property("failure.message").that.contains("health: 500 (200)");
    });

  it("says so when the gate reached no check", () => {
    const empty = { ...say.gate("inconclusive"), checks: [] } as ReturnType<typeof say.gate>;
    const then = given(...upTo("verifying")).when(empty);
    expect(then.events[1]).to.have.nested.property("failure.message").that.contains("no check was reached");
  });

  it("gives a first deploy all traffic at once, because nobody can share it", () => {
    const state = given(...upTo("deploying"), say.deployed({}, candidate(), null))
      .when(say.gate())
      .happens("gate-passed", "step-began");
    expect(state.active).to.include({ status: "rolling-out", step: 1 });
  });

  it("ignores a gate, a move and a watch that are late", () => {
    given(...upTo("rolling-out"))
      .when(say.gate())
      .changesNothing();
    given(...upTo("rolling-out"))
      .when(say.moved(0))
      .changesNothing();
    given(...upTo("baking"))
      .when(say.moved(1))
      .changesNothing();
    given(...upTo("rolling-out"))
      .when(say.watched(0, 7))
      .changesNothing();
    given(...upTo("rolling-out"))
      .when(say.watched(null, 0))
      .changesNothing();
    given(...upTo("verifying"), say.gate())
      .when(say.watched(0, 0))
      .changesNothing();
    given(...upTo("live"))
      .when(say.watched(null, 0))
      .changesNothing();
  });

  it("watches on while the hold lasts, and takes the next step after it", () => {
    const state = given(...upTo("rolling-out"))
      .when(say.watched(0, 0, { at: monday + 1000 }))
      .happens("watch-went-on");
    expect(state.active).to.include({ slice: 1 });
    given(...upTo("rolling-out"))
      .when(say.watched(0, 0, { at: monday + minute }))
      .happens("step-began");
  });

  it("bakes after the last step and is live after the bake", () => {
    const state = given(...upTo("baking"))
      .when(say.watched(null, 0, { at: monday + 2 * minute }))
      .happens("release-live");
    expect(state.live).to.include({ id: first.id, stable });
    expect(state.leftovers).to.deep.equal([
      { releaseId: first.id, build: false, candidate: true, ended: "live", found: 1 },
    ]);
    given(...upTo("baking"))
      .when(say.watched(null, 0, { at: monday + minute + 1 }))
      .happens("watch-went-on");
  });

  it("remembers what was live before", () => {
    const { state } = given(...upTo("live"), ...upTo("live", second, other));
    expect(state.past.map(({ id }) => id)).to.deep.equal([first.id]);
    expect(state.live?.id).to.equal(second.id);
  });

  for (const point of ["rolling-out", "baking"] as const)
    it(`goes back to stable when the watch fails while ${point}`, () => {
      const watch = point === "baking" ? say.watched(null, 0, {}, "fail") : say.watched(0, 0, {}, "fail");
      const state = given(...upTo(point))
        .when(watch)
        .happens("watch-failed", "rollback-began");
      expect(state.active).to.include({ status: "rolling-back", target: stable });
    });

  it("holds instead of rolling back where the plan says so", () => {
    const oneWay = releaseBasics({ plan: plan({ onFailure: "hold" }) });
    const state = given(...upTo("rolling-out", oneWay))
      .when(say.watched(0, 0, {}, "fail"))
      .happens("watch-failed", "release-held");
    expect(state.active).to.include({ status: "held" });
  });

  it("never promotes without evidence: it watches past the hold, and then goes back", () => {
    given(...upTo("rolling-out"))
      .when(say.watched(0, 0, { at: monday + 2 * minute }, "inconclusive"))
      .happens("watch-went-on");
    const then = given(...upTo("rolling-out")).when(
      say.watched(0, 0, { at: monday + 6 * minute }, "inconclusive"),
    );
    then.happens("watch-failed", "rollback-began");
  });

  it("goes back when Cloud Run refuses a move", () => {
    const failure = { code: "traffic-write-failed", message: "13" } as const;
    given(...upTo("verifying"), say.gate())
      .when(say.moved(0, {}, failure))
      .happens("rollback-began");
  });

  it("quarantines the image and ends when stable is restored", () => {
    const state = given(...upTo("baking"), say.watched(null, 0, {}, "fail"))
      .when(say.restored())
      .happens("stable-restored", "digest-quarantined", "release-rolled-back");
    expect(state.active).to.equal(null);
    expect(state.quarantine[0]).to.include({ digest: image().digest, tag: first.tag });
    given(...upTo("baking"))
      .when(say.restored())
      .changesNothing();
  });

  it("tells the second quarantine of an image apart from a second image", () => {
    const once = given(
      ...upTo("baking"),
      say.rollBack(),
      say.restored(),
      say.free(),
      ...upTo("baking", second),
      say.rollBack(),
      say.restored({ id: second.id }),
    );
    expect(once.state.quarantine.map(({ releaseId: id }) => id)).to.deep.equal([second.id]);
  });

  it("forgets a leftover once it is tidied", () => {
    const state = given(...upTo("live"))
      .when(say.tidied())
      .happens("leftovers-tidied");
    expect(state.leftovers).to.deep.equal([]);
    given().when(say.tidied()).changesNothing();
  });

  it("tidies again what a write left that landed while it was being tidied", () => {
    const left = { build: false, candidate: true };
    const state = given(...upTo("deploying"), say.cancel())
      .when(say.left(left))
      .happens("leftovers-found");
    expect(state.leftovers).to.deep.equal([{ releaseId: first.id, ...left, ended: "failed", found: 2 }]);
    carryOn(state).when(say.tidied()).changesNothing();
    carryOn(state).when(say.tidied({}, 2)).happens("leftovers-tidied");
    given(...upTo("deploying"))
      .when(say.left(left))
      .changesNothing();
  });
});
