import { expect } from "chai";
import {
  candidate,
  monday,
  releaseBasics,
  releaseId,
  releaseRecord,
  revisionName,
} from "../../test/support/fixtures.ts";
import { type Deployment, deliveryFigures, deploymentOf, needsEvents } from "./delivery-figures.ts";
import type { ServiceEvent } from "./events.ts";
import { project } from "./project.ts";
import type { ReleaseRecord } from "./release-record.ts";

const minute = 60_000;
const at = (minutes: number) => ({ at: monday + minutes * minute, releaseId: releaseId() });
const failure = { code: "watch-failed", message: "5xx" } as const;
const live: ServiceEvent = { type: "release-live", ...at(30), revision: revisionName() };
const began: ServiceEvent = {
  type: "rollback-began",
  ...at(40),
  failure,
  by: { kind: "system", name: "gantry" },
  candidate: candidate(),
  target: revisionName(),
  release: releaseBasics(),
};
const restored: ServiceEvent = { type: "stable-restored", ...at(42), target: revisionName() };
const held: ServiceEvent = { type: "release-held", ...at(35), failure, found: [] };

describe("a release as a deployment", () => {
  const of = (changes: Partial<ReleaseRecord>, events: readonly ServiceEvent[] = []) =>
    deploymentOf(releaseRecord({ committedAt: monday - 10 * minute, ...changes }), events);

  it("is one that went live, with the time since its commit", () => {
    expect(of({ status: "live", endedAt: monday + 30 * minute })).to.deep.equal({
      isFailed: false,
      leadMs: 40 * minute,
      recoveryMs: null,
    });
    const { committedAt: _none, ...record } = releaseRecord({ status: "live", endedAt: monday });
    expect(deploymentOf(record, [])?.leadMs).to.equal(null);
    expect(of({ status: "live", endedAt: monday, committedAt: monday + 1 })?.leadMs).to.equal(0);
  });

  it("failed where it was taken back, before or after it was live, and recovered when stable had all traffic", () => {
    expect(of({ status: "rolled-back" }, [began, restored])).to.deep.equal({
      isFailed: true,
      leadMs: null,
      recoveryMs: 2 * minute,
    });
    expect(of({ status: "rolled-back" }, [live, began, restored])).to.include({ leadMs: 40 * minute });
    expect(of({ status: "rolled-back" }, [held, began, restored])).to.include({ recoveryMs: 7 * minute });
  });

  it("failed, and has not recovered, while it waits for a person or is on its way back", () => {
    expect(of({ status: "held" }, [held])).to.include({ isFailed: true, recoveryMs: null });
    expect(of({ status: "rolling-back" }, [began])).to.include({ isFailed: true, recoveryMs: null });
  });

  it("stays a failed one after a person put the traffic right and cancelled it", () => {
    const by = { kind: "person", name: "ada" } as const;
    const code = "cancelled-by-person";
    const tidied: ServiceEvent = {
      type: "release-cancelled",
      ...at(50),
      by,
      failure: { code, message: "ada" },
    };
    const after = [held, tidied].reduce<ReleaseRecord>(project, releaseRecord({ status: "rolling-out" }));
    expect(after.status).to.equal("cancelled");
    expect(needsEvents(after)).to.equal(true);
    expect(deploymentOf(after, [held, tidied])).to.include({ isFailed: true, recoveryMs: null });
    const unexposed = project(releaseRecord({ status: "awaiting-approval" }), tidied);
    expect(needsEvents(unexposed)).to.equal(false);
    expect(deploymentOf(unexposed, [tidied])).to.equal(null);
  });

  it("is none where it got no traffic, or is on its way", () => {
    for (const status of [
      "queued",
      "building",
      "baking",
      "failed",
      "rejected",
      "cancelled",
      "superseded",
    ] as const)
      expect(of({ status })).to.equal(null);
  });
});

describe("the four figures", () => {
  const good = (leadMs: number | null): Deployment => ({ isFailed: false, leadMs, recoveryMs: null });
  const bad = (recoveryMs: number | null): Deployment => ({ isFailed: true, leadMs: null, recoveryMs });

  it("are counts a day, medians, and a share", () => {
    expect(deliveryFigures([good(10), good(40), good(30), bad(7)], 30)).to.deep.equal({
      deployments: 4,
      perDay: 4 / 30,
      leadMs: 30,
      failureShare: 0.25,
      recoveryMs: 7,
    });
    expect(deliveryFigures([good(10), good(40), bad(1), bad(4)], 2)).to.deep.equal({
      deployments: 4,
      perDay: 2,
      leadMs: 25,
      failureShare: 0.5,
      recoveryMs: 2.5,
    });
  });

  it("say nothing where there is nothing to tell them from", () => {
    expect(deliveryFigures([], 30)).to.deep.equal({
      deployments: 0,
      perDay: 0,
      leadMs: null,
      failureShare: null,
      recoveryMs: null,
    });
    expect(deliveryFigures([good(null), bad(null)], 30)).to.include({ leadMs: null, recoveryMs: null });
  });
});
