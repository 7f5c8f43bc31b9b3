import { expect } from "chai";
import { candidate, releaseId, releaseRecord, tagName } from "../../test/support/fixtures.ts";
import { forgeStatus, mayTurnForgeStatus } from "./forge-status.ts";
import type { ReleaseRecord } from "./release-record.ts";

const failure = { code: "watch-failed", message: "5 % of requests failed; 1 % may." } as const;

describe("what the forge shows of a release", () => {
  const table: readonly [Partial<ReleaseRecord>, string, string, string][] = [
    [{ status: "queued" }, "queued", "pending", "v1.0.0 waits for the release before it"],
    [{ status: "building" }, "in_progress", "pending", "v1.0.0 is being built without cache"],
    [{ status: "deploying" }, "in_progress", "pending", "v1.0.0 is being deployed at 0 % traffic"],
    [{ status: "verifying" }, "in_progress", "pending", "v1.0.0 is being verified at 0 % traffic"],
    [{ status: "awaiting-approval" }, "pending", "pending", "v1.0.0 waits for approval"],
    [
      { status: "rolling-out", percent: 25 },
      "in_progress",
      "pending",
      "v1.0.0 is getting traffic in steps: 25 %",
    ],
    [
      { status: "rolling-out", percent: 25, paused: true },
      "in_progress",
      "pending",
      "v1.0.0 is paused at 25 % of traffic and still watched",
    ],
    [{ status: "baking" }, "in_progress", "pending", "v1.0.0 has all traffic and is still watched"],
    [{ status: "live" }, "success", "success", "v1.0.0 is live"],
    [{ status: "live", supersededBy: releaseId("release-2") }, "inactive", "success", "v1.0.0 was live"],
    [
      { status: "rolling-back", failure },
      "in_progress",
      "pending",
      "v1.0.0 is being rolled back: 5 % of requests failed; 1 % may.",
    ],
    [
      { status: "held", failure },
      "error",
      "error",
      "v1.0.0 is held and waits for a person: 5 % of requests failed; 1 % may.",
    ],
    [
      { status: "failed", failure },
      "failure",
      "failure",
      "v1.0.0 failed before it had traffic: 5 % of requests failed; 1 % may.",
    ],
    [
      { status: "rolled-back", failure },
      "failure",
      "failure",
      "v1.0.0 was rolled back: 5 % of requests failed; 1 % may.",
    ],
    [{ status: "rejected" }, "failure", "failure", "v1.0.0 was rejected"],
    [{ status: "cancelled" }, "inactive", "error", "v1.0.0 was cancelled"],
    [
      { status: "superseded", failure, supersededByTag: tagName("v1.1.0") },
      "inactive",
      "error",
      "v1.0.0 was superseded by v1.1.0",
    ],
  ];
  for (const [changes, deployment, commit, words] of table)
    it(`is ${deployment} and ${commit} where it stands at ${words}`, () => {
      const status = forgeStatus(releaseRecord(changes));
      expect([status.deployment.state, status.commit.state]).to.deep.equal([deployment, commit]);
      expect(status.deployment.description).to.equal(words);
    });

  it("says the same of the commit all the way, so that it is not told at every step", () => {
    const words = (["building", "verifying", "rolling-out"] as const).map(
      (status) => forgeStatus(releaseRecord({ status })).commit.description,
    );
    expect(new Set(words)).to.deep.equal(new Set(["v1.0.0 is on its way"]));
    expect(forgeStatus(releaseRecord({ status: "live" })).commit.description).to.equal("v1.0.0 is live");
  });

  it("keeps to 140 characters in one visible line", () => {
    const message = `first\nsecond \u202E${"x".repeat(500)}`;
    const record = releaseRecord({ status: "failed", failure: { ...failure, message } });
    const { description } = forgeStatus(record).commit;
    expect(description).to.have.length(140);
    expect(description).to.include("first second x");
  });

  it("leads to the service by the URL of the candidate's tag, where that is made of both", () => {
    const url = (each: string): string | null =>
      forgeStatus(releaseRecord({ candidate: candidate({ tag: "g-1", url: each }) })).deployment.url;
    expect(url("https://g-1---api-abc-uc.a.run.app")).to.equal("https://api-abc-uc.a.run.app");
    expect(url("https://elsewhere.test")).to.equal(null);
    expect(url("")).to.equal(null);
    expect(forgeStatus(releaseRecord()).deployment.url).to.equal(null);
  });

  it("may change at the facts that change the status, and at no other", () => {
    expect(mayTurnForgeStatus("release-live")).to.equal(true);
    expect(mayTurnForgeStatus("watch-went-on")).to.equal(false);
    expect(mayTurnForgeStatus("hello")).to.equal(false);
  });
});
