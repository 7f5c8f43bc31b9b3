import { expect } from "chai";
import type { EventMap, EventType, ServiceEvent } from "../../shared/domain/events.ts";
import { parseBuildId } from "../../shared/domain/ids.ts";
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
import { eventSentence } from "./event-words.ts";

const release = releaseBasics();
const failure = { code: "watch-failed", message: "Too many errors." } as const;
const { digest } = image();
const target = revisionName("background-removal-00001");
const pass = { name: "health", verdict: "pass", measured: "200", limit: "200" } as const;
const fail = { ...pass, verdict: "fail", measured: "503" } as const;
const buildId = parseBuildId("b-1");
if (buildId === null) throw new Error("a fixture");

const table: { readonly [K in EventType]: readonly [EventMap[K], string] } = {
  "release-requested": [{ release }, "ada asked for v1.0.0."],
  "release-queued": [{ release, behind: releaseId("release-0") }, "Queued behind release-0."],
  "release-began": [{ release }, "The release began."],
  "release-superseded": [{ by: releaseId("release-2"), failure }, "Superseded by release-2."],
  "build-started": [{ buildId, logUrl: "" }, "Cloud Build started build b-1."],
  "build-polled": [{ buildId }, "Cloud Build still works on it."],
  "build-succeeded": [{ buildId, image: image() }, `Built ${digest}.`],
  "candidate-deployed": [
    { candidate: candidate(), stable: null },
    "background-removal-00002 is ready at 0 %.",
  ],
  "gate-passed": [{ checks: [pass, pass] }, "The gate passed: 2 checks passed."],
  "gate-failed": [{ checks: [pass, fail] }, "The gate failed: 1 of 2 checks did not pass."],
  "approval-requested": [{ from: [], count: 1, expiresAt: monday }, "Waits for 1 approval(s) from anybody."],
  "approval-given": [{ by: person }, "ada approved."],
  "step-began": [{ step: 0, percent: 10 }, "Moving 10 % to the candidate."],
  "traffic-moved": [{ step: 0, percent: 10 }, "The candidate serves 10 %."],
  "watch-went-on": [{ slice: 1, checks: [pass] }, "Watched: 1 checks passed."],
  "watch-failed": [{ checks: [fail] }, "The watch failed: 1 of 1 checks did not pass."],
  "bake-began": [{}, "The bake began."],
  "release-live": [{ revision: target }, "background-removal-00001 is live."],
  "rollback-began": [
    { failure, by: person, candidate: candidate(), target: null, release },
    "ada began to roll back to nothing: Too many errors.",
  ],
  "stable-restored": [{ target }, "background-removal-00001 serves 100 % again."],
  "release-held": [{ failure, found: [] }, "Held: Too many errors."],
  "release-failed": [{ failure }, "Failed: Too many errors."],
  "release-rejected": [{ failure, by: person }, "Rejected by ada: Too many errors."],
  "release-cancelled": [{ failure, by: person }, "Cancelled by ada: Too many errors."],
  "release-rolled-back": [{ failure }, "Rolled back: Too many errors."],
  "digest-quarantined": [{ digest, tag: tagName(), why: "" }, `${digest} went into quarantine.`],
  "digest-freed": [{ digest, by: person }, `ada freed ${digest} from quarantine.`],
  "leftovers-found": [{ build: false, candidate: true }, "Something of it has to be tidied up."],
  "leftovers-tidied": [{}, "What was left of it is tidied up."],
};

describe("eventSentence()", () => {
  for (const [type, [fields, sentence]] of Object.entries(table)) {
    it(`tells ${type} as "${sentence}"`, () => {
      expect(eventSentence({ type, at: monday, releaseId: releaseId(), ...fields } as ServiceEvent)).to.equal(
        sentence,
      );
    });
  }
});
