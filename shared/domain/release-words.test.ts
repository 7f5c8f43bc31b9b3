import { expect } from "chai";
import { type WordedRelease, wordsOf } from "./release-words.ts";
import { releaseStatuses, statusWords } from "./words.ts";

const expiry = { code: "approval-expired" };

const told: readonly (readonly [release: WordedRelease, label: string, sentence: string])[] = [
  [{ status: "rejected", failure: { code: "rejected-by-person" } }, "Rejected", "was rejected"],
  [{ status: "rejected", failure: expiry }, "Expired", "expired without approval"],
  [{ status: "building", prebuilt: {} }, "Checking", "is being checked; its image was built elsewhere"],
  [{ status: "rolling-out", paused: false, percent: 20 }, "Rolling out", "is getting traffic in steps"],
  [
    { status: "rolling-out", paused: true, percent: 20 },
    "Paused",
    "is paused at 20 % of traffic and still watched",
  ],
  [{ status: "rolling-out", paused: true }, "Paused", "is paused and still watched"],
  [{ status: "rolling-back", paused: true }, "Rolling back", "is being rolled back"],
  [{ status: "live", supersededBy: null }, "Live", "is live"],
  [{ status: "live", supersededBy: "release-2" }, "Was live", "was live"],
  [{ status: "superseded", supersededBy: "release-2" }, "Superseded", "was superseded by a newer tag"],
];

describe("wordsOf()", () => {
  for (const status of releaseStatuses)
    it(`says of a release that is ${status} what the one table says`, () => {
      expect(wordsOf({ status })).to.equal(statusWords[status]);
    });

  for (const [release, label, sentence] of told)
    it(`calls ${JSON.stringify(release)} "${label}"`, () => {
      expect(wordsOf(release)).to.include({ label, sentence });
    });
});
