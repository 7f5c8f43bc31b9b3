import { expect } from "chai";
import fc from "fast-check";
import { DateTime, IANAZone } from "luxon";
import { nextSpan, onTheWall, pingSlot, spanAt, spanOn, type WarmHours } from "./warm-window.ts";

const minute = 60_000;
const hour = 60 * minute;
const week = 7 * 24 * hour;
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const usual: WarmHours = {
  days,
  holidays: [],
  from: "09:00",
  to: "21:00",
  zone: "America/New_York",
  leadMs: 10 * minute,
};
const at = (iso: string) => DateTime.fromISO(iso, { setZone: true }).toMillis();
const on = (year: number, month: number, day: number) => ({ year, month, day });

describe("the window of a warmup", () => {
  const spans: readonly (readonly [string, Partial<WarmHours>, ReturnType<typeof on>, string, string])[] = [
    ["an ordinary day", {}, on(2026, 1, 5), "2026-01-05T09:00-05:00", "2026-01-05T21:00-05:00"],
    ["the same day in summer", {}, on(2026, 7, 6), "2026-07-06T09:00-04:00", "2026-07-06T21:00-04:00"],
    [
      "over midnight",
      { from: "22:00", to: "06:00" },
      on(2026, 1, 5),
      "2026-01-05T22:00-05:00",
      "2026-01-06T06:00-05:00",
    ],
    [
      "over the end of the year",
      { from: "22:00", to: "06:00" },
      on(2026, 12, 31),
      "2026-12-31T22:00-05:00",
      "2027-01-01T06:00-05:00",
    ],
    [
      "over the hour that is skipped",
      { from: "22:00", to: "06:00" },
      on(2026, 3, 7),
      "2026-03-07T22:00-05:00",
      "2026-03-08T06:00-04:00",
    ],
    [
      "from the hour that is skipped: it opens when that hour is over",
      { from: "02:30", to: "06:00" },
      on(2026, 3, 8),
      "2026-03-08T03:00-04:00",
      "2026-03-08T06:00-04:00",
    ],
    [
      "to the hour that is skipped: it closes when that hour would have begun",
      { from: "01:00", to: "02:30" },
      on(2026, 3, 8),
      "2026-03-08T01:00-05:00",
      "2026-03-08T03:00-04:00",
    ],
    [
      "from the hour that comes twice: it opens at the first",
      { from: "01:30", to: "06:00" },
      on(2026, 11, 1),
      "2026-11-01T01:30-04:00",
      "2026-11-01T06:00-05:00",
    ],
    [
      "to the hour that comes twice: it closes at the second",
      { from: "00:30", to: "01:30" },
      on(2026, 11, 1),
      "2026-11-01T00:30-04:00",
      "2026-11-01T01:30-05:00",
    ],
    [
      "in a zone whose clocks change by half an hour",
      { zone: "Australia/Lord_Howe", from: "02:10", to: "05:00" },
      on(2026, 10, 4),
      "2026-10-04T02:30+11:00",
      "2026-10-04T05:00+11:00",
    ],
  ];
  for (const [title, changes, day, opens, closes] of spans) {
    it(`runs on ${title}`, () => {
      const span = spanOn({ ...usual, ...changes }, day) ?? expect.fail("there is none");
      expect([span.opensAt, span.until, span.slot]).to.deep.equal([at(opens), at(closes), opens]);
      expect(span.opensAt - span.from).to.equal(usual.leadMs);
    });
  }

  const none: readonly (readonly [string, Partial<WarmHours>, ReturnType<typeof on>])[] = [
    ["another day of the week", { days: ["mon", "tue"] }, on(2026, 1, 7)],
    ["a holiday", { holidays: ["2026-12-25"] }, on(2026, 12, 25)],
    ["a day of which a change of the clocks leaves nothing", { from: "02:10", to: "02:50" }, on(2026, 3, 8)],
    ["a day that the zone skipped", { zone: "Pacific/Apia" }, on(2011, 12, 30)],
  ];
  for (const [title, changes, day] of none) {
    it(`does not open on ${title}`, () => expect(spanOn({ ...usual, ...changes }, day)).to.equal(null));
  }

  it("is open from its lead to its end, over midnight too, and not a millisecond more", () => {
    const night = { ...usual, from: "22:00", to: "06:00" };
    const is = (iso: string, ms = 0) => spanAt(night, at(iso) + ms)?.slot ?? null;
    expect(is("2026-01-05T21:50-05:00", -1)).to.equal(null);
    expect(is("2026-01-05T21:50-05:00")).to.equal("2026-01-05T22:00-05:00");
    expect(is("2026-01-06T00:00-05:00")).to.equal("2026-01-05T22:00-05:00");
    expect(is("2026-01-06T06:00-05:00", -1)).to.equal("2026-01-05T22:00-05:00");
    expect(is("2026-01-06T06:00-05:00")).to.equal(null);
    const early = { ...usual, from: "00:05", to: "01:00" };
    expect(spanAt(early, at("2026-01-04T23:56-05:00"))?.slot).to.equal("2026-01-05T00:05-05:00");
  });

  it("opens next on the next day that counts, over holidays; never where no day is left", () => {
    const hours: WarmHours = { ...usual, days: ["fri"], holidays: ["2026-12-25", "2027-01-01"] };
    expect(nextSpan(hours, at("2026-12-18T12:00-05:00"))?.slot).to.equal("2027-01-08T09:00-05:00");
    expect(nextSpan({ ...usual, days: [] }, at("2026-12-18T12:00-05:00"))).to.equal(null);
  });

  it("is pinged once in each stretch of it", () => {
    const slot = (now: number) => pingSlot({ slot: "s", from: 1_000, everyMs: 300, now });
    expect([500, 1_000, 1_299, 1_300, 1_900].map(slot)).to.deep.equal(["s#0", "s#0", "s#0", "s#1", "s#3"]);
  });

  it("is told as a clock in its zone shows it", () => {
    const noon = at("2026-01-05T12:00-05:00");
    expect(onTheWall(noon, usual.zone)).to.equal("2026-01-05 12:00");
    expect(onTheWall(noon, usual.zone, noon - hour)).to.equal("12:00");
    expect(onTheWall(noon, "Asia/Kolkata")).to.equal("2026-01-05 22:30");
  });
});

/** Both changes of a zone in 2026, as moments; none where it has no summer time. */
function changesOf(zone: string): readonly number[] {
  const clock = IANAZone.create(zone);
  const found: number[] = [];
  for (let day = Date.UTC(2026, 0, 1); day < Date.UTC(2027, 0, 1); day += week) {
    if (clock.offset(day) === clock.offset(day + week)) continue;
    let [low, high] = [day, day + week];
    while (high - low > minute) {
      const middle = low + Math.floor((high - low) / 2 / minute) * minute;
      if (clock.offset(middle) === clock.offset(low)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

describe("the window of a warmup, in every zone of the tz database and around both changes of the clocks", function () {
  this.timeout(20_000);
  const seed = Number(process.env["GANTRY_SEED"] ?? Date.now() % 1_000_000_000);
  const zones = [...Intl.supportedValuesOf("timeZone"), "UTC"];
  const time = fc.integer({ min: 0, max: 24 * 60 - 1 }).map((minutes) => {
    const two = (value: number) => String(value).padStart(2, "0");
    return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  });
  const hoursIn = (zone: string) =>
    fc.record({
      days: fc.constant(days),
      holidays: fc.constant([]),
      from: time,
      to: time,
      zone: fc.constant(zone),
      leadMs: fc.integer({ min: 0, max: 120 }).map((minutes) => minutes * minute),
    });

  /** What the wall shows at a moment. */
  const wall = (zone: string, moment: number) => DateTime.fromMillis(moment, { zone }).toFormat("HH:mm");

  it(`is open exactly when its wall clock says so, once a day, and closes (seed ${seed})`, () => {
    let looked = 0;
    for (const [index, zone] of zones.entries()) {
      const changes = changesOf(zone);
      for (const moment of changes.length > 0 ? changes : [Date.UTC(2026, 5, 15, 12)]) {
        const property = fc.property(
          hoursIn(zone),
          fc.integer({ min: -1_500, max: 1_500 }),
          (hours, minutes) => {
            fc.pre(hours.from !== hours.to);
            holds(hours, moment + minutes * minute);
          },
        );
        fc.assert(property, { seed: seed + index, numRuns: 4 });
        looked += 1;
      }
    }
    expect(looked).to.be.above(zones.length);
  });

  function holds(hours: WarmHours, now: number): void {
    const { zone, from, to } = hours;
    const span = spanAt(hours, now);
    const time = wall(zone, now);
    const isWithin = from < to ? from <= time && time < to : time >= from || time < to;
    if (isWithin) expect(span, `${from}..${to} at ${now} in ${zone}`).to.not.equal(null);
    if (span === null) return;
    expect(span.from).to.be.at.most(now);
    expect(span.until).to.be.above(now);
    expect(span.until - span.opensAt).to.be.at.most(26 * hour);
    const clock = IANAZone.create(zone);
    const isChanging = clock.offset(now - 3 * hour) !== clock.offset(now + 3 * hour);
    if (now >= span.opensAt && !isChanging)
      expect(isWithin, `${from}..${to} at ${now} in ${zone}`).to.equal(true);
    expect(spanAt(hours, span.until)?.slot).to.not.equal(span.slot);
    expect(spanAt(hours, span.until - 1)?.slot).to.equal(span.slot);
    const later = nextSpan(hours, span.from) ?? expect.fail("there is no next window");
    expect(later.opensAt - span.opensAt, "once a day").to.be.within(21 * hour, 51 * hour);
  }

  it("opens once for every day of a year, but where a change leaves nothing of it", () => {
    for (const zone of [
      "America/New_York",
      "Europe/Berlin",
      "Asia/Kolkata",
      "Africa/Casablanca",
      "America/Havana",
    ]) {
      const hours = { ...usual, zone };
      const slots = new Set<string>();
      for (let now = Date.UTC(2026, 0, 1, 12); now < Date.UTC(2027, 0, 1); now += 24 * hour) {
        const span = nextSpan(hours, now);
        if (span !== null) slots.add(span.slot);
      }
      expect(slots.size, zone).to.be.within(365, 366);
    }
  });
});
