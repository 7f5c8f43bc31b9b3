import { expect } from "chai";
import {
  candidate,
  monday,
  releaseBasics,
  releaseId,
  revisionName,
  serviceState,
} from "../../test/support/fixtures.ts";
import { can, neededAction } from "./capabilities.ts";
import type { ActiveRelease, LiveRelease } from "./service-state.ts";
import { type ReleaseStatus, releaseStatuses } from "./words.ts";

const stable = revisionName("background-removal-00001");
const failure = { code: "traffic-moved-by-hand", message: "Somebody moved the traffic." } as const;
const pair = { candidate: candidate(), stable };
const live: LiveRelease = { ...releaseBasics(), ...pair, since: monday };

function active(progress: object): ActiveRelease {
  return { ...releaseBasics(), status: "building", build: null, ...progress } as ActiveRelease;
}

const held = active({ status: "held", failure, since: monday, found: [], ...pair });
const rollingOut = active({ status: "rolling-out", step: 0, movedAt: null, slice: 0, ...pair });
const rollingBack = active({ status: "rolling-back", failure, since: monday, target: stable, ...pair });
const awaiting = active({ status: "awaiting-approval", approvedBy: [], expiresAt: monday, ...pair });

describe("capabilities", () => {
  const possible: Readonly<Record<"cancel" | "approve" | "reject" | "rollBack", readonly ReleaseStatus[]>> = {
    cancel: ["queued", "building", "deploying", "verifying", "awaiting-approval", "held"],
    approve: ["awaiting-approval"],
    reject: ["awaiting-approval"],
    rollBack: ["rolling-out", "baking", "held"],
  };

  for (const [name, statuses] of Object.entries(possible)) {
    for (const status of releaseStatuses) {
      const allowed = statuses.includes(status);
      it(`${allowed ? "lets" : "does not let"} a person ${name} a release that is ${status}`, () => {
        const permission = can[name as keyof typeof possible]({ status });
        expect(permission.allowed).to.equal(allowed);
        if (!permission.allowed) expect(permission.disabledReason).to.match(/^The release .+\.$/);
      });
    }
  }

  it("names the other way out where there is one", () => {
    expect(can.cancel({ status: "baking" })).to.deep.include({
      disabledReason: "The release has all traffic and is still watched: roll it back instead.",
    });
    expect(can.rollBack({ status: "building" })).to.deep.include({
      disabledReason:
        "The release is being built without cache and has no traffic to take back: cancel it instead.",
    });
    expect(can.rollBack({ status: "live" })).to.deep.include({
      disabledReason: "The release is live: roll back the service instead.",
    });
  });

  describe("of a release that gets traffic", () => {
    for (const status of releaseStatuses) {
      for (const paused of [false, true]) {
        const gets = status === "rolling-out";
        const said = `${status}${paused ? " and paused" : ""}`;
        it(`${gets ? "steers" : "does not steer"} one that is ${said}`, () => {
          const release = { status, paused };
          expect(can.pause(release).allowed).to.equal(gets && !paused);
          expect(can.resume(release).allowed).to.equal(gets && paused);
          expect(can.promote(release).allowed).to.equal(gets);
          for (const permission of [can.pause(release), can.resume(release), can.promote(release)]) {
            if (!permission.allowed) expect(permission.disabledReason).to.match(/^The release .+\.$/);
          }
        });
      }
    }
  });

  describe("of a service", () => {
    const table = [
      ["a release that gets traffic", { active: rollingOut }, true],
      ["a live release that replaced another revision", { active: null, live }, true],
      ["a live release behind one that is being built", { active: active({}), live }, true],
      ["no live release", { active: null, live: null }, false],
      ["a first release that is live", { active: null, live: { ...live, stable: null } }, false],
      ["a rollback under way", { active: rollingBack, live }, false],
    ] as const;
    for (const [what, changes, allowed] of table) {
      it(`${allowed ? "can" : "cannot"} roll back with ${what}`, () => {
        const permission = can.rollBackService(serviceState(changes));
        expect(permission.allowed).to.equal(allowed);
        if (!permission.allowed) expect(permission.disabledReason).to.not.equal("");
      });
    }
  });

  it("offers the one action that is needed", () => {
    const needed = (release: ActiveRelease | null) => neededAction(serviceState({ active: release }));
    const id = releaseId();
    expect(needed(null)).to.equal(null);
    expect(needed(awaiting)).to.deep.equal({ capability: "approve", releaseId: id });
    expect(needed(rollingOut)).to.deep.equal({ capability: "rollBack", releaseId: id });
    expect(needed(held)).to.deep.equal({ capability: "rollBack", releaseId: id });
    expect(needed(active({}))).to.deep.equal({ capability: "cancel", releaseId: id });
    expect(needed(rollingBack)).to.equal(null);
  });
});
