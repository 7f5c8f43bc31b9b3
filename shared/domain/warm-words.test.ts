import { expect } from "chai";
import { monday, releaseBasics, releaseId } from "../../test/support/fixtures.ts";
import { warmthNews } from "./warm-words.ts";

const of = { at: monday, releaseId: releaseId() };

describe("warmthNews()", () => {
  it("tells the latest fact about warmth among those of a release, and nothing where there is none", () => {
    const requested = { type: "release-requested", ...of, release: releaseBasics() } as const;
    const left = { type: "warmup-left-alone", ...of, slot: "s", expected: 1, found: 3, by: null } as const;
    expect(warmthNews([requested])).to.equal("");
    expect(warmthNews([left, requested])).to.equal(
      "The service has a minimum that Gantry leaves alone: it left 1, and somebody made it 3.",
    );
  });
});
