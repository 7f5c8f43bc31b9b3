import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import {
  candidate,
  monday,
  person,
  releaseBasics,
  releaseId,
  serviceKey,
} from "../../test/support/fixtures.ts";
import { say, second, stable, upTo } from "../../test/support/release-story.ts";
import { evolve } from "./evolve.ts";
import { newRecord, project } from "./project.ts";
import { newService } from "./service-state.ts";

const of = { at: monday, releaseId: releaseId() };
const failure = { code: "traffic-moved-by-hand", message: "somebody did" } as const;
const record = { ...newRecord(serviceKey(), releaseBasics()), candidate: candidate(), stable, percent: 10 };

describe("project()", () => {
  it("tells of a held release what share a person's hand left to the candidate", () => {
    const found = [
      { revision: stable, percent: 70 },
      { revision: candidate().revision, percent: 30 },
    ];
    expect(project(record, { type: "release-held", ...of, failure, found })).to.include({
      status: "held",
      percent: 30,
    });
    expect(project(record, { type: "release-held", ...of, failure, found: [] })).to.include({ percent: 0 });
  });

  it("tells of a live release that another one took its place, and that it is live again", () => {
    const live = { ...record, percent: 100, status: "live" } as const;
    const replaced = project(live, { type: "release-replaced", ...of, by: second.id, byTag: second.tag });
    expect(replaced).to.include({
      ...{ status: "live", percent: 0 },
      ...{ supersededBy: second.id, supersededByTag: second.tag },
    });
    expect(project(replaced, { type: "release-reinstated", ...of })).to.include({
      percent: 100,
      supersededBy: null,
      supersededByTag: null,
    });
  });

  it("notes when a release ended, and that it goes on when it is rolled back later", () => {
    const live = project({ ...record, status: "baking" }, { type: "release-live", ...of, revision: stable });
    expect(live.endedAt).to.equal(monday);
    const back = {
      type: "rollback-began",
      ...of,
      failure,
      by: person,
      candidate: candidate(),
      target: stable,
      release: releaseBasics(),
    } as const;
    expect(project(live, back)).to.include({ status: "rolling-back", endedAt: null });
  });
});

describe("evolve()", () => {
  it("changes nothing for a fact about a release that is not the active one, or not in its status", () => {
    const empty = newService(serviceKey());
    const buildId = given(...upTo("building")).state.active;
    if (buildId?.status !== "building" || !buildId.build) expect.fail("it should be building");
    const polled = { type: "build-polled", ...of, buildId: buildId.build.id } as const;
    expect(evolve(empty, polled)).to.equal(empty);
    const { state } = given(...upTo("verifying"));
    expect(evolve(state, polled)).to.equal(state);
    expect(evolve(state, { type: "traffic-moved", ...of, step: 0, percent: 10 })).to.equal(state);
    expect(evolve(state, { type: "watch-went-on", ...of, slice: 1, checks: [] })).to.equal(state);
    expect(evolve(state, { type: "release-live", ...of, revision: stable })).to.equal(state);
    expect(evolve(given(say.request()).state, { type: "bake-began", ...of }).active).to.include({
      status: "building",
    });
    expect(carryOn(state, say.gate()).state.active).to.include({ status: "rolling-out" });
  });
});
