import { expect } from "chai";
import {
  candidate,
  image,
  monday,
  person,
  releaseBasics,
  releaseId,
  revisionName,
  tagName,
} from "../../test/support/fixtures.ts";
import { serviceSettings } from "../../test/support/settings.ts";
import { eventWords } from "./event-words.ts";
import type { EventMap, EventType, ServiceEvent } from "./events.ts";
import { parseBuildId } from "./ids.ts";

const release = releaseBasics();
const failure = { code: "watch-failed", message: "Too many errors." } as const;
const { digest } = image();
const target = revisionName("background-removal-00001");
const pass = { name: "health", verdict: "pass", measured: "200", limit: "200" } as const;
const fail = { ...pass, verdict: "fail", measured: "503" } as const;
const warmer = { slot: "s", from: 0, to: 1, until: monday } as const;
const buildId = parseBuildId("b-1");
if (buildId === null) throw new Error("a fixture");

const row = { setting: "memory", wanted: "32Gi", found: "16Gi" } as const;
const warning = { severity: "warns", code: "gpu-room", message: "The GPU quota is 3.", next: "" } as const;

const table: { readonly [K in EventType]: readonly [EventMap[K], string] } = {
  "release-requested": [{ release }, "asked for by ada"],
  "release-queued": [
    { release, behind: releaseId("release-0"), behindTag: tagName("v0.9.0") },
    "waits for v0.9.0",
  ],
  "release-began": [{ release }, "begins with commit c0ffee0"],
  "release-superseded": [
    { by: releaseId("release-2"), byTag: tagName("v2.0.0"), failure },
    "superseded by v2.0.0",
  ],
  "build-started": [{ buildId, logUrl: "http://log" }, "is being built: http://log"],
  "build-polled": [{ buildId }, "is still being built"],
  "build-lost": [{ buildId, failure }, "is built once more, because the platform failed: Too many errors."],
  "image-given": [
    { image: image(), reference: "registry.test/api:v1", by: person },
    `is not built: ada gave the image registry.test/api:v1, which is ${digest}`,
  ],
  "build-succeeded": [{ buildId, image: image() }, `is built: ${digest}`],
  "candidate-deployed": [
    { candidate: candidate(), stable: null },
    "background-removal-00002 is the first revision and is being verified",
  ],
  "gate-passed": [{ checks: [pass, pass] }, "passed the gate: 2 checks passed"],
  "gate-failed": [{ checks: [pass, fail] }, "did not pass the gate: health: 503 (needs 200)."],
  "approval-requested": [
    { approvalId: "a", digest, configHash: "c", from: [], count: 1, expiresAt: monday },
    "waits for 1 of anybody to approve",
  ],
  "approval-given": [{ by: person }, "approved by ada"],
  "decision-refused": [
    { by: person, wanted: "approve", code: "self-approval" },
    "ada may not approve it: self-approval",
  ],
  "rollout-paused": [{ by: person }, "paused by ada: watched on, no step is taken"],
  "rollout-resumed": [{ by: person }, "resumed by ada"],
  "rollout-promoted": [{ by: person }, "promoted by ada: the holds that are left are skipped"],
  "step-began": [{ step: 0, percent: 10 }, "moves to 10 %"],
  "traffic-moved": [{ step: 0, percent: 10 }, "serves 10 %"],
  "watch-went-on": [{ slice: 1, checks: [pass] }, "is watched: 1 check passed"],
  "watch-failed": [{ checks: [fail] }, "did worse than allowed: health: 503 (needs 200)."],
  "bake-began": [{}, "has all traffic and bakes"],
  "release-live": [{ revision: target }, "is live as background-removal-00001"],
  "release-replaced": [
    { by: releaseId("release-2"), byTag: tagName("v2.0.0") },
    "is no longer live: v2.0.0 is",
  ],
  "release-reinstated": [{}, "is live again"],
  "rollback-began": [
    { failure, by: person, candidate: candidate(), target: null, release },
    "goes back to nothing: Too many errors.",
  ],
  "stable-restored": [{ target }, "background-removal-00001 serves 100 % again"],
  "release-held": [{ failure, found: [] }, "is held with no traffic to any revision: Too many errors."],
  "release-failed": [{ failure }, "failed: Too many errors."],
  "release-rejected": [{ failure, by: person }, "rejected by ada: Too many errors."],
  "release-cancelled": [{ failure, by: person }, "cancelled by ada: Too many errors."],
  "release-rolled-back": [{ failure }, "rolled back: Too many errors."],
  "digest-quarantined": [{ digest, tag: tagName(), why: "" }, `image ${digest} is in quarantine`],
  "digest-freed": [{ digest, by: person }, "image freed from quarantine by ada"],
  "leftovers-found": [{ build: false, candidate: true }, "leaves something to tidy up"],
  "leftovers-tidied": [{}, "is tidied up"],
  "preflight-passed": [{ findings: [warning] }, "passed the preflight"],
  "preflight-warned": [{ findings: [warning] }, "goes on with a warning: The GPU quota is 3."],
  "preflight-failed": [
    { findings: [{ ...warning, severity: "stops", next: "gantry plan v1" }] },
    "did not pass the preflight: The GPU quota is 3. Next: gantry plan v1",
  ],
  "change-allowed": [
    { by: person, reason: "smaller model", rows: [row] },
    "ada lets it break a guard rail: memory is 16Gi, not 32Gi. Why: smaller model",
  ],
  "guardrail-broken": [{ rows: [row] }, "does not keep the guard rails: memory is 16Gi, not 32Gi"],
  "settings-left": [
    { settings: serviceSettings(), serving: null, lookEveryMs: null },
    "leaves the service as it wrote it",
  ],
  "drift-found": [
    { rows: [row], by: "ada@example.com", settings: null, serving: null },
    "the service is not as it was left, so nothing new is released: memory: 32Gi is now 16Gi (last written by ada@example.com)",
  ],
  "drift-gone": [{}, "the service is as it was left again"],
  "drift-accepted": [
    { by: person, reason: "on purpose", rows: [row] },
    "ada accepted what was changed by hand: on purpose",
  ],
  "warmup-asked": [
    { by: person, until: monday + 2 * 3_600_000 },
    "is to be warm for 120 minutes: ada asked for it",
  ],
  "warmup-called-off": [{ by: person }, "is not to be warm now: ada called it off"],
  "warmup-due": [{ ...warmer, raise: true }, "has its minimum of instances changed from 0 to 1"],
  "warmup-raised": [{ ...warmer, raise: true }, "is kept warm: its minimum went from 0 to 1"],
  "warmup-lowered": [
    { ...warmer, from: 1, to: 0, raise: false },
    "may be cold again: its minimum went from 1 to 0",
  ],
  "warmup-left-alone": [
    { slot: "s", expected: 1, found: 3, by: "ada@example.com" },
    "has a minimum that Gantry leaves alone: it left 1, and somebody made it 3 (the service was last written by ada@example.com)",
  ],
  "warmup-backed-off": [
    { slot: "s", what: "minimum", message: "denied", tries: 1, until: monday + 300_000 },
    "could not be given its minimum (try 1), and is tried again in 5 minutes: denied",
  ],
  "warmup-pings-began": [{ slot: "s", until: monday }, "is kept warm by pings"],
};

describe("eventWords()", () => {
  for (const [type, [fields, sentence]] of Object.entries(table)) {
    it(`tells ${type} as "${sentence}"`, () => {
      expect(eventWords({ type, at: monday, releaseId: releaseId(), ...fields } as ServiceEvent)).to.equal(
        sentence,
      );
    });
  }

  it("names the stable that goes on serving, and says so when there is nothing to go back to", () => {
    const of = { at: monday, releaseId: releaseId() };
    expect(
      eventWords({ type: "candidate-deployed", ...of, candidate: candidate(), stable: target }),
    ).to.equal(
      "background-removal-00002 is ready at 0 % and is being verified; background-removal-00001 serves 100 %",
    );
    expect(eventWords({ type: "stable-restored", ...of, target: null })).to.equal(
      "there was no revision to go back to",
    );
    expect(
      eventWords({
        type: "approval-requested",
        ...of,
        approvalId: "a",
        digest,
        configHash: "c",
        from: ["@ml-oncall"],
        count: 2,
        expiresAt: monday,
      }),
    ).to.contain("@ml-oncall");
  });

  it("says of a minimum that is left alone that the service is scaled by hand, and of a ping that it was refused", () => {
    const of = { at: monday, releaseId: releaseId(), slot: "s" };
    expect(eventWords({ type: "warmup-left-alone", ...of, expected: 1, found: null, by: null })).to.equal(
      "has a minimum that Gantry leaves alone: it left 1, and somebody scales the service by hand now",
    );
    const busy = { what: "ping", message: "429", tries: 2, until: monday + 600_000 } as const;
    expect(eventWords({ type: "warmup-backed-off", ...of, ...busy })).to.equal(
      "could not be pinged (try 2), and is tried again in 10 minutes: 429",
    );
  });

  it("says no more than there is to say", () => {
    const of = { at: monday, releaseId: releaseId() };
    expect(eventWords({ type: "preflight-failed", ...of, findings: [] })).to.equal(
      "did not pass the preflight",
    );
    const untold = { rows: [row], by: null, settings: null, serving: null } as const;
    expect(eventWords({ type: "drift-found", ...of, ...untold })).to.contain("by whom is not told");
    expect(eventWords({ type: "drift-accepted", ...of, by: person, reason: "", rows: [row] })).to.equal(
      "ada accepted what was changed by hand",
    );
  });

  it("says what passed with a warning", () => {
    const of = { at: monday, releaseId: releaseId() };
    const slow = { ...pass, name: "cold start", warning: "slower than usual" };
    expect(eventWords({ type: "gate-passed", ...of, checks: [pass, slow] })).to.equal(
      "passed the gate: 2 checks passed, with a warning: cold start: slower than usual",
    );
  });

  it("says of an approval that nobody gave in time that it expired", () => {
    const of = { at: monday, releaseId: releaseId(), by: { kind: "system", name: "gantry" } } as const;
    const late = { code: "approval-expired", message: "Nobody approved v1.0.0 in time." } as const;
    expect(eventWords({ type: "release-rejected", ...of, failure: late })).to.equal(
      "expired: Nobody approved v1.0.0 in time.",
    );
  });
});
