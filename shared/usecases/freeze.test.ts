import { expect } from "chai";
import { DateTime } from "luxon";
import { serviceKey } from "../../test/support/fixtures.ts";
import { openPolicy } from "../../test/support/function-harness.ts";
import type { FreezeWindow } from "../domain/policy.ts";
import { windowEnd, windowsOver } from "./freeze.ts";

type Weekly = Extract<FreezeWindow, { kind: "weekly" }>;
type Once = Extract<FreezeWindow, { kind: "once" }>;

const weekly = (changes: Partial<Weekly>): Weekly => ({
  kind: "weekly",
  name: "nights",
  zone: "America/New_York",
  services: ["**"],
  days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  hours: null,
  ...changes,
});

const once = (changes: Partial<Once>): Once => ({
  kind: "once",
  name: "holidays",
  zone: "America/New_York",
  services: ["**"],
  from: "2026-12-24T18:00",
  to: "2027-01-02T08:00",
  ...changes,
});

/** Whether the window stands at a moment, given as local time with its offset, or in UTC with a Z. */
function stands(window: FreezeWindow, at: string): boolean {
  const moment = DateTime.fromISO(at, { setZone: true });
  expect(moment.isValid, at).to.equal(true);
  const policy = openPolicy({ freezes: [window] });
  return windowsOver({ policy, service: serviceKey(), at: moment.toMillis() }).length > 0;
}

const night = weekly({ days: ["fri"], hours: { from: "22:00", to: "06:00" } });
const office = weekly({ days: ["mon"], hours: { from: "09:00", to: "17:00" } });
const smallHours = weekly({ days: ["sun"], hours: { from: "02:00", to: "03:00" } });

/** 2026-03-08 02:00 New York goes forward to 03:00; 2026-11-01 02:00 goes back to 01:00. */
const table: readonly (readonly [string, FreezeWindow, string, boolean])[] = [
  ["a whole day, at its first minute", weekly({ days: ["mon"] }), "2026-01-05T00:00:00-05:00", true],
  ["a whole day, at its last", weekly({ days: ["mon"] }), "2026-01-05T23:59:59-05:00", true],
  ["a whole day, when it is over", weekly({ days: ["mon"] }), "2026-01-06T00:00:00-05:00", false],
  ["a day of its own zone, not of UTC's", weekly({ days: ["mon"] }), "2026-01-06T04:59:00Z", true],
  ["hours, before", office, "2026-01-05T08:59:59-05:00", false],
  ["hours, from the first minute", office, "2026-01-05T09:00:00-05:00", true],
  ["hours, to the last", office, "2026-01-05T16:59:59-05:00", true],
  ["hours, after", office, "2026-01-05T17:00:00-05:00", false],
  ["hours of another day", office, "2026-01-06T10:00:00-05:00", false],
  ["over midnight, before it begins", night, "2026-01-09T21:59:00-05:00", false],
  ["over midnight, on its day", night, "2026-01-09T22:00:00-05:00", true],
  ["over midnight, on the day after", night, "2026-01-10T05:59:00-05:00", true],
  ["over midnight, when it is over", night, "2026-01-10T06:00:00-05:00", false],
  ["over midnight, in the morning of its own day", night, "2026-01-09T05:00:00-05:00", false],
  [
    "over midnight, from Sunday into Monday",
    weekly({ days: ["sun"], hours: { from: "23:00", to: "01:00" } }),
    "2026-01-05T00:30:00-05:00",
    true,
  ],
  ["an hour that spring leaves out, just before", smallHours, "2026-03-08T01:59:00-05:00", false],
  ["an hour that spring leaves out, just after", smallHours, "2026-03-08T03:00:00-04:00", false],
  [
    "an hour that autumn has twice, the first time",
    weekly({ days: ["sun"], hours: { from: "01:00", to: "02:00" } }),
    "2026-11-01T01:30:00-04:00",
    true,
  ],
  [
    "an hour that autumn has twice, the second time",
    weekly({ days: ["sun"], hours: { from: "01:00", to: "02:00" } }),
    "2026-11-01T01:30:00-05:00",
    true,
  ],
  ["office hours in summer time", office, "2026-07-06T13:00:00Z", true],
  ["office hours in winter time", office, "2026-01-05T13:30:00Z", false],
  ["a date, one minute before", once({}), "2026-12-24T17:59:00-05:00", false],
  ["a date, from its first minute", once({}), "2026-12-24T18:00:00-05:00", true],
  ["a date, in the middle", once({}), "2026-12-31T12:00:00-05:00", true],
  ["a date, at its end", once({}), "2027-01-02T08:00:00-05:00", false],
  ["a date in its own zone", once({ zone: "Asia/Tokyo" }), "2026-12-24T09:00:00Z", true],
  ["another service's", weekly({ services: ["other/**"] }), "2026-01-05T12:00:00-05:00", false],
  [
    "a service by its glob",
    weekly({ services: ["gantry-test/*/background-*"] }),
    "2026-01-05T12:00:00-05:00",
    true,
  ],
];

describe("windowsOver()", () => {
  for (const [what, window, at, expected] of table)
    it(`${expected ? "stands" : "does not stand"}: ${what}`, () => {
      expect(stands(window, at)).to.equal(expected);
    });

  it("names the windows that stand, in the order of the policy", () => {
    const policy = openPolicy({ freezes: [office, weekly({ name: "always" }), weekly({ name: "later" })] });
    const windows = windowsOver({ policy, service: serviceKey(), at: Date.UTC(2026, 0, 6) });
    expect(windows.map(({ name }) => name)).to.deep.equal(["always", "later"]);
  });
});

const ends: readonly (readonly [string, FreezeWindow, string, string | null])[] = [
  ["a date", once({}), "2026-12-31T12:00:00-05:00", "2027-01-02T08:00:00-05:00"],
  ["hours of a day", office, "2026-01-05T10:00:00-05:00", "2026-01-05T17:00:00-05:00"],
  ["a whole day", weekly({ days: ["mon"] }), "2026-01-05T10:00:00-05:00", "2026-01-06T00:00:00-05:00"],
  [
    "days in a row",
    weekly({ days: ["fri", "sat", "sun"] }),
    "2026-01-09T10:00:00-05:00",
    "2026-01-12T00:00:00-05:00",
  ],
  ["over midnight, in the evening", night, "2026-01-09T23:00:00-05:00", "2026-01-10T06:00:00-05:00"],
  ["over midnight, in the morning", night, "2026-01-10T05:00:00-05:00", "2026-01-10T06:00:00-05:00"],
  [
    "nights that the clock goes forward in",
    weekly({ days: ["sat"], hours: { from: "22:00", to: "06:00" } }),
    "2026-03-08T01:00:00-05:00",
    "2026-03-08T06:00:00-04:00",
  ],
  ["every day and hour", weekly({}), "2026-01-05T10:00:00-05:00", null],
];

describe("windowEnd()", () => {
  for (const [what, window, at, end] of ends)
    it(`${what}: ${end ?? "never"}`, () => {
      const found = windowEnd(window, Date.parse(at));
      expect(found).to.equal(end === null ? null : Date.parse(end));
    });
});
