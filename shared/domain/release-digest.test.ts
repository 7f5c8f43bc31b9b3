import { expect } from "chai";
import fc from "fast-check";
import { expectAccepted, messageComplaints, readableLines } from "../../test/support/block-kit.ts";
import { monday, numberedService, releaseId, tagName } from "../../test/support/fixtures.ts";
import { hostileText } from "../../test/support/hostile-text.ts";
import { toldRecord } from "../../test/support/message-facts.ts";
import { digestMessage } from "./release-digest.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { type ReleaseStatus, releaseStatuses } from "./words.ts";

const consoleUrl = "https://gantry.example.com/";
const failure = {
  code: "gate-failed",
  message: "The candidate did not pass the gate: health: 503 (200).",
} as const;

function numbered(n: number, status: ReleaseStatus, changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return toldRecord({
    ...{ id: releaseId(`release-${n}`), service: numberedService(n), tag: tagName(`v1.0.${n}`), status },
    ...{ updatedAt: monday + n },
    ...changes,
  });
}

function many(count: number, status: ReleaseStatus, from = 0, changes: Partial<ReleaseRecord> = {}) {
  return Array.from({ length: count }, (_, index) => numbered(from + index, status, changes));
}

function digest(records: readonly ReleaseRecord[]) {
  const links = new Map(records.map(({ id }) => [id, `https://gantry.example.com/releases/${id}`]));
  return digestMessage({ records, links, consoleUrl });
}

describe("digestMessage()", () => {
  it("counts all, and names those that failed or wait for a person", () => {
    const records = [
      ...many(3, "building"),
      ...many(2, "live", 10),
      numbered(20, "failed", { failure }),
      numbered(30, "awaiting-approval"),
      numbered(40, "held", { failure: { code: "traffic-moved-by-hand", message: "By hand." } }),
    ];
    const message = digest(records);
    expectAccepted(message);
    const page = "https://gantry.example.com/releases";
    expect(readableLines(message)).to.deep.equal([
      "📚 *8 releases at once*",
      "🛑 1 held  ·  ❌ 1 failed  ·  ✋ 1 awaiting approval  ·  🔨 3 building  ·  ✅ 2 live",
      "🛑 *Held* (1)",
      `• <${page}/release-40|service-40 v1.0.40>: By hand.`,
      "❌ *Failed* (1)",
      `• <${page}/release-20|service-20 v1.0.20>: The candidate did not pass the gate: health: 503 (200).`,
      "✋ *Awaiting approval* (1)",
      `• <${page}/release-30|service-30 v1.0.30>`,
      "The other 5, of 5 services, go their way. <https://gantry.example.com/|See all in the console>",
    ]);
    expect(message.text).to.equal(
      "📚 8 releases at once: 🛑 1 held, ❌ 1 failed, ✋ 1 awaiting approval, 🔨 3 building, ✅ 2 live.",
    );
  });

  it("does not bury the one that failed under a thousand", () => {
    const message = digest([...many(999, "awaiting-approval"), numbered(5000, "failed", { failure })]);
    expectAccepted(message);
    const lines = readableLines(message);
    expect(lines.findIndex((line) => line.includes("service-5000 "))).to.equal(3);
    expect(lines).to.include("and 991 more");
  });

  it("names some of each kind when everything goes wrong, the newest first", () => {
    const bad: readonly ReleaseStatus[] = [
      "held",
      "rolling-back",
      "failed",
      "rolled-back",
      "awaiting-approval",
    ];
    const long = { failure: { ...failure, message: "漢".repeat(5000) } };
    const message = digest(bad.flatMap((status, index) => many(200, status, index * 1000, long)));
    expectAccepted(message);
    const lines = readableLines(message);
    for (const n of [199, 1199, 2199, 3199, 4199]) {
      expect(
        lines.some((line) => line.includes(`service-${n} `)),
        `service-${n}`,
      ).to.equal(true);
    }
    expect(lines.at(-1)).to.equal("<https://gantry.example.com/|See all in the console>");
  });

  it("tells of one release and of none", () => {
    expect(digest(many(1, "live")).text).to.equal("📚 1 release at once: ✅ 1 live.");
    expectAccepted(digest([]));
  });

  it("stays within every limit of Slack, whatever a user typed", () => {
    const record = fc.record({
      status: fc.constantFrom(...releaseStatuses),
      tag: hostileText,
      message: hostileText,
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), hostileText, (typed, url) => {
        const records = typed.map(({ status, tag, message }, n) =>
          numbered(n, status, { tag: tag as never, failure: { ...failure, message } }),
        );
        const links = new Map(records.map(({ id }) => [id, `https://${url}`]));
        const message = digestMessage({ records, links, consoleUrl: `https://${url}` });
        expect(messageComplaints(message)).to.deep.equal([]);
      }),
      { numRuns: 50 },
    );
  });
});
