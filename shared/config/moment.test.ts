import { expect } from "chai";
import { parseMoment } from "./moment.ts";

const cases: readonly (readonly [string, string | null, string | null])[] = [
  ["2026-12-24T18:00", "Europe/Berlin", "2026-12-24T17:00:00.000Z"],
  ["2026-07-24T18:00", "Europe/Berlin", "2026-07-24T16:00:00.000Z"],
  ["2026-12-24", "America/New_York", "2026-12-24T05:00:00.000Z"],
  ["2026-12-24T18:00:30", "UTC", "2026-12-24T18:00:30.000Z"],
  ["2026-12-24T18:00Z", "Europe/Berlin", "2026-12-24T18:00:00.000Z"],
  ["2026-12-24t18:00z", null, "2026-12-24T18:00:00.000Z"],
  ["2026-12-24T18:00+05:30", null, "2026-12-24T12:30:00.000Z"],
  ["2026-12-24T18:00-0500", null, "2026-12-24T23:00:00.000Z"],
  ["2026-12-24T18:00", null, null],
  ["2026-12-24", null, null],
  ["2026-13-24T18:00", "UTC", null],
  ["2026-12-24 18:00", "UTC", null],
  ["2026-W01", "UTC", null],
  ["18:00", "UTC", null],
  ["tomorrow", "UTC", null],
  ["", "UTC", null],
];

describe("parseMoment()", () => {
  for (const [text, zone, expected] of cases)
    it(`reads ${JSON.stringify(text)} ${zone === null ? "without a zone" : `in ${zone}`} as ${expected}`, () => {
      const at = parseMoment(text, zone);
      expect(at === null ? null : new Date(at).toISOString()).to.equal(expected);
    });
});
