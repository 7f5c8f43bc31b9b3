import { expect } from "chai";
import {
  candidate,
  image,
  monday,
  plan,
  releaseBasics,
  releaseId,
  releaseRecord,
  revisionName,
  serviceKey,
  tagName,
  work,
} from "../../test/support/fixtures.ts";
import type { ServiceEvent } from "./events.ts";
import { explainRelease } from "./explain.ts";
import { parseBuildId } from "./ids.ts";
import type { ReleaseRecord } from "./release-record.ts";
import type { FailureCode } from "./service-state.ts";
import { type ReleaseStatus, releaseStatuses, statusWords } from "./words.ts";

const stable = revisionName("background-removal-00001");
const withPair = { candidate: candidate(), stable };

function explain(
  changes: Partial<ReleaseRecord>,
  events: readonly ServiceEvent[] = [],
  owed: Parameters<typeof explainRelease>[2] = [],
) {
  return explainRelease(releaseRecord(changes), events, owed);
}

const codes: Readonly<Record<FailureCode, true>> = {
  "build-not-started": true,
  "build-failed": true,
  "build-cancelled": true,
  "build-timed-out": true,
  "build-without-digest": true,
  "candidate-not-ready": true,
  "deploy-refused": true,
  "deploy-unfinished": true,
  "traffic-ambiguous": true,
  "gate-failed": true,
  "gate-inconclusive": true,
  "watch-failed": true,
  "watch-inconclusive": true,
  "traffic-write-failed": true,
  "approval-expired": true,
  "rejected-by-person": true,
  "cancelled-by-person": true,
  "rolled-back-by-person": true,
  "rolled-back-by-hand": true,
  "traffic-moved-by-hand": true,
  "preflight-stopped": true,
  "guardrail-broken": true,
  "service-drifted": true,
  quarantined: true,
  superseded: true,
};

describe("explainRelease()", () => {
  for (const status of releaseStatuses) {
    it(`gives all four answers for a release that is ${status}`, () => {
      for (const changes of [{}, withPair, { candidate: candidate(), stable: null }]) {
        const { happened, traffic, why, next } = explain({ status, ...changes });
        expect(happened).to.include("v1.0.0").and.include(statusWords[status].sentence);
        expect(traffic).to.match(/\.$/);
        expect(why).to.not.equal("");
        expect(next.length).to.be.greaterThan(0);
      }
    });
  }

  for (const code of Object.keys(codes) as FailureCode[]) {
    it(`says what ${code} means and repeats the sentence of whoever found it`, () => {
      const failure = { code, message: "It said so." };
      const { happened, why, next } = explain({ status: "failed", failure, ...withPair });
      expect(happened).to.match(/failed before it had traffic: .+\.$/);
      expect(why).to.equal("It said so.");
      expect(next.length).to.be.greaterThan(0);
    });
  }

  const traffic: readonly [string, Partial<ReleaseRecord>, string][] = [
    [
      "before its candidate",
      { status: "building" },
      "Traffic is unchanged: whatever served before still serves.",
    ],
    ["that failed", { status: "failed", ...withPair }, `Traffic is unchanged: ${stable} still serves 100 %.`],
    [
      "that failed as the first one",
      { status: "failed", candidate: candidate() },
      "No revision served before this one, so there was no traffic to protect.",
    ],
    [
      "that rolls out",
      { status: "rolling-out", percent: 10, ...withPair },
      `background-removal-00002 serves 10 % and ${stable} serves 90 %.`,
    ],
    [
      "that bakes as the first one",
      { status: "baking", percent: 100, candidate: candidate() },
      "background-removal-00002 serves 100 %.",
    ],
    [
      "that is live",
      { status: "live", percent: 100, ...withPair },
      "background-removal-00002 took 100 % of the traffic.",
    ],
    [
      "that is being rolled back",
      { status: "rolling-back", percent: 10, ...withPair },
      `All traffic is on its way back to ${stable}; the candidate last had 10 %.`,
    ],
    ["that was rolled back", { status: "rolled-back", ...withPair }, `${stable} serves 100 % again.`],
    [
      "that was rolled back by hand",
      { status: "rolled-back", ...withPair, found: [{ revision: stable, percent: 100 }] },
      `Gantry leaves the traffic as it was found: ${stable} 100 %.`,
    ],
    [
      "that is held",
      { status: "held", ...withPair, found: [{ revision: stable, percent: 40 }] },
      `Gantry leaves the traffic as it was found: ${stable} 40 %.`,
    ],
    [
      "that is held where nothing serves",
      { status: "held", ...withPair, found: [] },
      "Gantry leaves the traffic as it was found: no revision.",
    ],
    [
      "that is held for another reason",
      { status: "held", ...withPair, percent: 25 },
      "Gantry leaves the traffic as it is; the candidate was last seen with 25 %.",
    ],
    [
      "that was cancelled in time",
      { status: "cancelled", ...withPair },
      `Traffic is unchanged: ${stable} still serves 100 %.`,
    ],
    [
      "that was cancelled while it was held",
      { status: "cancelled", ...withPair, percent: 25 },
      "Gantry leaves the traffic as it is; the candidate was last seen with 25 %.",
    ],
  ];
  for (const [what, changes, sentence] of traffic) {
    it(`tells the traffic of a release ${what}`, () => {
      expect(explain(changes).traffic).to.equal(sentence);
    });
  }

  it("names the revision that a person chose to go back to", () => {
    const target = revisionName("background-removal-00000");
    const at = { at: monday, releaseId: releaseId() };
    const failure = { code: "rolled-back-by-person", message: "ada rolled v1.0.0 back." } as const;
    const by = { kind: "person", name: "ada" } as const;
    const began = { type: "rollback-began", ...at, failure, by, candidate: candidate(), target } as const;
    const events = [{ ...began, release: releaseBasics() }];
    const back = { status: "rolling-back", percent: 100, ...withPair } as const;
    expect(explain({ ...back, status: "rolled-back" }, events).traffic).to.equal(
      `${target} serves 100 % again.`,
    );
    expect(explain(back, events).traffic).to.include(`on its way back to ${target};`);
  });

  it("names the checks that did not pass, with what was measured and what was asked for", () => {
    const { why } = explain({
      status: "failed",
      failure: { code: "gate-failed", message: "The gate failed." },
      checks: [
        { name: "health", verdict: "pass", measured: "200", limit: "200" },
        { name: "model", verdict: "fail", measured: "503", limit: "200" },
      ],
    });
    expect(why).to.equal("The gate failed. model: 503 (needs 200).");
  });

  it("names the work that keeps failing while a release goes on", () => {
    const stuck = { ...work(), attempt: 3, lastError: "Cloud Build: UNAVAILABLE" };
    const other = { ...stuck, releaseId: releaseId("release-2") };
    expect(explain({ status: "building" }, [], [other, stuck]).why).to.equal(
      '"start-build" was tried 3 times; the last error was: Cloud Build: UNAVAILABLE',
    );
  });

  it("tells what a running release waits for", () => {
    const id = parseBuildId("b-1");
    if (id === null) throw new Error("a fixture");
    const at = { at: monday, releaseId: releaseId() };
    const queued = {
      type: "release-queued",
      ...at,
      release: releaseBasics(),
      behind: releaseId("release-0"),
      behindTag: tagName("v0.9.0"),
    } as const;
    const asked = {
      type: "approval-requested",
      ...at,
      approvalId: "approval-1",
      digest: image().digest,
      configHash: "config-1",
      from: ["@ml"],
      count: 1,
      expiresAt: monday,
    } as const;
    const ada = { kind: "person", name: "ada" } as const;
    const build = { id, logUrl: "https://log.test/b-1", startedAt: monday };
    expect(explain({ status: "queued" }, [queued]).why).to.equal("It waits for v0.9.0.");
    expect(explain({ status: "building", build }).why).to.equal(
      "Cloud Build works on it: https://log.test/b-1",
    );
    expect(explain({ status: "awaiting-approval", approvedBy: [ada] }, [asked]).why).to.equal(
      "It needs 1 of @ml; approved by ada.",
    );
    expect(explain({ status: "awaiting-approval" }, [{ ...asked, from: [] }]).why).to.equal(
      "It needs 1 of anybody; approved by nobody yet.",
    );
    const paused = explain({ status: "rolling-out", paused: true });
    expect(paused.why).to.match(/^It is paused/);
    expect(paused.next[0]).to.equal("gantry resume release-1");
    const check = { name: "health", verdict: "pass", measured: "200", limit: "200" } as const;
    expect(explain({ status: "baking", checks: [check] }).why).to.equal(
      "All 1 checks of the latest round passed.",
    );
    const slow = {
      ...check,
      name: "cold start",
      measured: "72 s",
      limit: "within 120 s",
      warning: "unusual",
    };
    expect(explain({ status: "baking", checks: [check, slow] }).why).to.equal(
      "All 2 checks of the latest round passed. cold start: 72 s (needs within 120 s). Look at it: unusual.",
    );
  });

  const nextLines: readonly [ReleaseStatus, FailureCode | null, string][] = [
    ["building", null, "gantry cancel release-1"],
    ["awaiting-approval", null, "gantry approve release-1"],
    ["rolling-out", null, `gantry rollback ${serviceKey()}`],
    ["held", "traffic-moved-by-hand", `gantry rollback ${serviceKey()}   # restore stable`],
    ["failed", "build-timed-out", "gantry deploy v1.0.0"],
    ["failed", "traffic-ambiguous", "gantry deploy v1.0.0"],
    ["failed", "build-failed", "git push origin NEXT_TAG   # the fixed commit under a new tag"],
    ["rejected", "approval-expired", "gantry deploy v1.0.0"],
    ["rolled-back", "watch-failed", "git push origin NEXT_TAG   # the fixed commit under a new tag"],
    ["cancelled", "cancelled-by-person", "gantry deploy v1.0.0"],
  ];
  for (const [status, code, line] of nextLines) {
    it(`names "${line}" after ${status} ${code ?? ""}`, () => {
      const failure = code === null ? null : { code, message: "Why." };
      expect(explain({ status, failure }).next).to.include(line);
    });
  }

  it("names the release that took the place of one by its tag, and says how to look it up", () => {
    const newer = { supersededBy: releaseId("release-2"), supersededByTag: tagName("v2.0.0"), plan: plan() };
    const superseded = explain({ status: "superseded", ...newer });
    expect(superseded.why).to.equal("v2.0.0 took its place.");
    expect(superseded.next).to.deep.equal(["gantry releases show release-2"]);
    const wasLive = explain({ status: "live", ...newer });
    expect(wasLive.happened).to.include(" was live.");
    expect(wasLive.traffic).to.equal("v2.0.0 is live since and has the traffic.");
    expect(wasLive.next).to.deep.equal(["gantry releases show release-2"]);
  });

  it("says of an approval that nobody gave in time that it expired", () => {
    const failure = { code: "approval-expired", message: "Nobody approved v1.0.0 in time." } as const;
    expect(explain({ status: "rejected", failure }).happened).to.match(
      /expired without approval: nobody approved it in time\.$/,
    );
  });

  it("names the command that frees the image that was built again", () => {
    const id = parseBuildId("b-1");
    if (id === null) throw new Error("a fixture");
    const failure = { code: "quarantined", message: "Why." } as const;
    const at = { at: monday, releaseId: releaseId() };
    const built = { type: "build-succeeded", ...at, buildId: id, image: candidate().image } as const;
    const digest = candidate().image.digest.slice(0, 19);
    expect(explain({ status: "failed", failure }, [built]).next[1]).to.equal(
      `gantry quarantine free ${serviceKey()} ${digest}   # then: gantry deploy v1.0.0`,
    );
    expect(explain({ status: "failed", failure }).next[1]).to.equal(`gantry quarantine list ${serviceKey()}`);
  });

  it("says once what the failure tells of a check already", () => {
    const failure = { code: "gate-failed", message: "model: 503 (needs 200)." } as const;
    const check = { name: "model", verdict: "fail", measured: "503", limit: "200" } as const;
    const other = { ...check, name: "health", verdict: "inconclusive" } as const;
    expect(explain({ status: "failed", failure, checks: [check, other] }).why).to.equal(
      "model: 503 (needs 200). health: 503 (needs 200).",
    );
  });
});
