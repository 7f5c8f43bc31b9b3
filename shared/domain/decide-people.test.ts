import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import {
  candidate,
  image,
  monday,
  person,
  plan,
  releaseBasics,
  revisionName,
} from "../../test/support/fixtures.ts";
import { approver, first, minute, say, second, stable, upTo } from "../../test/support/release-story.ts";
import type { ReleaseBasics } from "./service-state.ts";
import { workKinds } from "./work.ts";

const approval = {
  required: true,
  from: ["@ml-oncall"],
  count: 1,
  authorMayApprove: false,
  expiresMs: 60 * minute,
};
const asking: ReleaseBasics = releaseBasics({ plan: plan({ approval }) });
const upToAsking = [...upTo("verifying", asking), say.gate()];
const other = candidate({ revision: revisionName("background-removal-00003"), image: image("d2") });

describe("decide: a person's hand on the traffic", () => {
  const half = [
    { revision: stable, percent: 50 },
    { revision: candidate().revision, percent: 50 },
  ];
  const back = [{ revision: stable, percent: 100 }];

  for (const point of ["rolling-out", "baking"] as const) {
    it(`stops and waits when traffic was moved while ${point}`, () => {
      const state = given(...upTo(point))
        .when(say.drift(half))
        .happens("release-held");
      expect(state.active).to.include({ status: "held" });
    });

    it(`counts as a rollback when all of it was moved to stable while ${point}`, () => {
      const then = given(...upTo(point)).when(say.drift(back));
      then.happens("stable-restored", "digest-quarantined", "release-rolled-back");
      expect(then.events.at(-1)).to.have.nested.property("failure.code", "rolled-back-by-hand");
    });
  }

  it("ends a rollback under way with its own reason when the hand did the same", () => {
    const then = given(...upTo("baking"), say.watched(null, 0, {}, "fail")).when(say.drift(back));
    expect(then.events.at(-1)).to.have.nested.property("failure.code", "watch-failed");
  });

  it("means nothing to a release that does not move traffic", () => {
    given(...upTo("verifying"))
      .when(say.drift(half))
      .changesNothing();
  });

  it("keeps what waits waiting, until the person rolls back or cancels", () => {
    const held = given(...upTo("rolling-out"), say.drift(half), say.request(second));
    expect(held.state.queue).to.deep.equal([second]);
    held.when(say.rollBack()).happens("rollback-began");
    const state = held.when(say.cancel()).happens("release-cancelled", "release-began");
    expect(state.leftovers[0]).to.include({ releaseId: first.id, ended: "live" });
  });

  it("adopts the traffic as the person left it when the held release is cancelled", () => {
    const live = given(...upTo("live"), say.tidied(), ...upTo("rolling-out", second, other));
    const kept = [{ revision: candidate().revision, percent: 100 }];
    const onFirst = carryOn(live.state, say.drift([...half], { id: second.id })).when(
      say.cancel({ id: second.id }),
    );
    expect(onFirst.happens("release-cancelled").live).to.equal(null);
    const whole = given(
      ...upTo("live"),
      say.tidied(),
      say.request(second),
      say.built({ id: second.id }, other.image),
      say.deployed({ id: second.id }, other, revisionName("somebody-elses")),
      say.gate("pass", { id: second.id }),
    );
    const adopted = carryOn(whole.state, say.drift(kept, { id: second.id })).when(
      say.cancel({ id: second.id }),
    );
    expect(adopted.happens("release-cancelled").live?.id).to.equal(first.id);
  });
});

describe("decide: what people decide", () => {
  it("asks for approval where the plan does, and starts with the last approval that is needed", () => {
    const state = given(...upTo("verifying", asking))
      .when(say.gate())
      .happens("gate-passed", "approval-requested");
    expect(state.active).to.include({ status: "awaiting-approval", expiresAt: monday + 60 * minute });
    given(...upToAsking)
      .when(say.approve())
      .happens("approval-given", "step-began");
    const two = releaseBasics({ plan: plan({ approval: { ...approval, count: 2 } }) });
    const asked = given(...upTo("verifying", two), say.gate());
    asked.when(say.approve()).happens("approval-given");
    const once = given(...upTo("verifying", two), say.gate(), say.approve());
    once.when(say.approve()).changesNothing();
    once.when(say.approve({ kind: "person", name: "lee" })).happens("approval-given", "step-began");
  });

  it("refuses the author, a stranger, and anyone after the expiry", () => {
    const asked = given(...upToAsking);
    asked.when(say.approve(person)).isRefused("self-approval");
    asked.when(say.approve(approver, {}, ["maya"])).isRefused("not-an-approver");
    asked.when(say.approve(approver, { at: monday + 60 * minute })).isRefused("approval-expired");
    asked.when(say.reject(approver, { at: monday + 60 * minute })).isRefused("approval-expired");
    given(...upTo("verifying"))
      .when(say.approve())
      .isRefused("no-approval-awaited");
    given(...upTo("verifying"))
      .when(say.reject())
      .isRefused("no-approval-awaited");
  });

  it("lets the author approve, and anybody where no names are given, if the plan says so", () => {
    const open = releaseBasics({
      plan: plan({ approval: { ...approval, from: [], authorMayApprove: true } }),
    });
    given(...upTo("verifying", open), say.gate())
      .when(say.approve(person, {}, []))
      .happens("approval-given", "step-began");
  });

  it("ends rejected, with and without a reason", () => {
    const then = given(...upToAsking).when(say.reject());
    then.happens("release-rejected");
    expect(then.events[0]).to.have.nested.property("failure.message", "maya rejected v1.0.0: not today.");
    expect(given(...upToAsking).when(say.reject(approver, {}, "")).events[0]).to.have.nested.property(
      "failure.message",
      "maya rejected v1.0.0.",
    );
  });

  it("expires when it is time, and not before", () => {
    given(...upToAsking)
      .when(say.expire())
      .changesNothing();
    given(...upToAsking)
      .when(say.expire({ at: monday + 60 * minute }))
      .happens("release-rejected");
    given(...upTo("verifying"))
      .when(say.expire({ at: monday + 60 * minute }))
      .changesNothing();
  });

  it("cancels what has no traffic, and what waits", () => {
    for (const point of ["building", "deploying", "verifying"] as const)
      given(...upTo(point))
        .when(say.cancel({}, "typo"))
        .happens("release-cancelled");
    const state = given(...upTo("baking"), say.request(second))
      .when(say.cancel({ id: second.id }))
      .happens("release-cancelled");
    expect(state.queue).to.deep.equal([]);
    expect(state.active?.id).to.equal(first.id);
  });

  it("refuses to cancel what has traffic, goes back already, or does not run", () => {
    given(...upTo("rolling-out"))
      .when(say.cancel())
      .isRefused("already-exposed");
    given(...upTo("baking"))
      .when(say.cancel())
      .isRefused("already-exposed");
    given(...upTo("baking"), say.rollBack())
      .when(say.cancel())
      .isRefused("already-rolling-back");
    given(...upTo("live"))
      .when(say.cancel())
      .isRefused("not-running");
  });

  it("rolls back what has traffic, with the reason", () => {
    const then = given(...upTo("rolling-out")).when(say.rollBack(null, {}, "pages are slow"));
    expect(then.happens("rollback-began").active).to.include({ status: "rolling-back", target: stable });
    expect(then.events[0]).to.have.nested.property(
      "failure.message",
      "ada rolled v1.0.0 back: pages are slow.",
    );
    given(...upTo("rolling-out"), say.rollBack())
      .when(say.rollBack())
      .isRefused("already-rolling-back");
  });

  it("rolls the live release back to the revision before it, or to one that is named", () => {
    const live = given(...upTo("live"));
    const state = live.when(say.rollBack()).happens("rollback-began");
    expect(state.active).to.include({ id: first.id, status: "rolling-back", target: stable });
    const named = live.when(say.rollBack(revisionName("older"))).happens("rollback-began");
    expect(named.active).to.include({ target: "older" });
    given().when(say.rollBack()).isRefused("nothing-to-roll-back-to");
    live.when(say.rollBack(candidate().revision)).isRefused("nothing-to-roll-back-to");
  });

  it("knows which release is live again after a rollback", () => {
    const two = given(
      ...upTo("live"),
      say.tidied(),
      say.request(second),
      say.built({ id: second.id }, other.image),
      say.deployed({ id: second.id }, other, candidate().revision),
      say.gate("pass", { id: second.id }),
    );
    const bad = carryOn(
      two.state,
      say.moved(0, { id: second.id }),
      say.watched(0, 0, { id: second.id }, "fail"),
      say.restored({ id: second.id }),
    );
    expect(bad.state.live?.id).to.equal(first.id);
    const unknown = given(...upTo("live"), say.rollBack(), say.restored());
    expect(unknown.state.live).to.equal(null);
  });

  it("stops a release without traffic before it takes the live one back", () => {
    const both = given(...upTo("live"), say.request(second));
    const state = both.when(say.rollBack()).happens("release-cancelled", "rollback-began");
    expect(state.active).to.include({ id: first.id, status: "rolling-back" });
  });
});

describe("decide: work that is given up", () => {
  const cases = [
    ["start-build", "building", "release-failed"],
    ["check-build", "building", "release-failed"],
    ["deploy-candidate", "deploying", "release-failed"],
    ["verify-candidate", "verifying", "release-failed"],
    ["watch", "rolling-out", "rollback-began"],
    ["watch", "baking", "rollback-began"],
  ] as const;
  for (const [work, point, event] of cases)
    it(`leads to ${event} when ${work} fails for good while ${point}`, () => {
      given(...upTo(point))
        .when(say.giveUp(work))
        .happens(event);
    });

  it("goes back when traffic cannot be moved", () => {
    given(...upTo("verifying"), say.gate())
      .when(say.giveUp("move-traffic"))
      .happens("rollback-began");
  });

  it("means nothing in any other status, and never ends a rollback", () => {
    for (const work of workKinds)
      given(...upTo("baking"), say.rollBack())
        .when(say.giveUp(work))
        .changesNothing();
    given(...upTo("verifying"))
      .when(say.giveUp("watch"))
      .changesNothing();
    given(...upTo("verifying"))
      .when(say.giveUp("start-build"))
      .changesNothing();
    given().when(say.giveUp("watch")).changesNothing();
  });
});

describe("decide: which release is live", () => {
  it("tells the one before that it was replaced, and that it is live again after a rollback", () => {
    const of = { id: second.id };
    const next = given(
      ...upTo("live"),
      say.tidied(),
      say.request(second),
      say.built(of, other.image),
      say.deployed(of, other, candidate().revision),
      say.gate("pass", of),
      say.moved(0, of),
      say.watched(0, 0, { ...of, at: monday + minute }),
      say.moved(1, { ...of, at: monday + minute }),
      say.watched(1, 0, { ...of, at: monday + minute }),
    );
    const live = next.when(say.watched(null, 0, { ...of, at: monday + 2 * minute }));
    live.happens("release-live", "release-replaced");
    expect(live.events[1]).to.include({ releaseId: first.id, by: second.id });
    const back = carryOn(live.state, say.rollBack()).when(say.restored(of));
    back.happens("stable-restored", "release-reinstated", "digest-quarantined", "release-rolled-back");
    expect(back.events[1]).to.include({ releaseId: first.id });
    expect(back.state.live?.id).to.equal(first.id);
  });
});
