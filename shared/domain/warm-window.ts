import { DateTime, IANAZone } from "luxon";
import type { Timestamp } from "./ids.ts";
import type { Weekday } from "./release-config.ts";

/** When a service is to be warm, by the clock on the wall of its zone. */
export type WarmHours = Readonly<{
  days: readonly Weekday[];
  holidays: readonly string[]; // YYYY-MM-DD
  from: string; // HH:MM
  to: string; // HH:MM; at or before `from` = on the day after
  zone: string;
  leadMs: number;
}>;

/** One stretch of warmth. `slot` names it: the start of its window, with the offset of the zone at that moment. */
export type WarmSpan = Readonly<{ slot: string; from: Timestamp; opensAt: Timestamp; until: Timestamp }>;

/** A calendar day: `day` may lie past the end of the month, as 32 May is 1 June. */
type Day = Readonly<{ year: number; month: number; day: number }>;

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** A year of holidays is not warm; beyond it nothing is looked for. */
const farthestDays = 400;
const weekdays: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** The span that `now` lies in, its lead included; null = the service may be cold. Where two meet, the earlier one. */
export function spanAt(hours: WarmHours, now: Timestamp): WarmSpan | null {
  const today = localDay(hours.zone, now);
  // A window over midnight began yesterday, and the lead of tomorrow's may begin today.
  for (const ahead of [-1, 0, 1]) {
    const span = spanOn(hours, plusDays(today, ahead));
    if (span !== null && span.from <= now && now < span.until) return span;
  }
  return null;
}

/** The first span that begins after `now`; null = none within 400 days. */
export function nextSpan(hours: WarmHours, now: Timestamp): WarmSpan | null {
  const today = localDay(hours.zone, now);
  for (let ahead = 0; ahead <= farthestDays; ahead += 1) {
    const span = spanOn(hours, plusDays(today, ahead));
    if (span !== null && span.from > now) return span;
  }
  return null;
}

/**
 * The span whose window begins on a day of the calendar; null on other days and on holidays, and where a change of the
 * clocks leaves nothing of the window. Of an hour that comes twice the window has both; an hour that is skipped is cut out.
 */
export function spanOn(hours: WarmHours, day: Day): WarmSpan | null {
  const { zone, from, to, leadMs } = hours;
  const date = DateTime.utc(day.year, day.month, 1).plus({ days: day.day - 1 });
  const weekday = weekdays[date.weekday - 1];
  if (weekday === undefined || !hours.days.includes(weekday)) return null;
  if (hours.holidays.includes(date.toFormat("yyyy-MM-dd"))) return null;
  const opensAt = instantOf(zone, wallTime(date, from), "first");
  const until = instantOf(zone, wallTime(to <= from ? date.plus({ days: 1 }) : date, to), "last");
  if (opensAt >= until) return null;
  const slot = DateTime.fromMillis(opensAt, { zone }).toFormat("yyyy-MM-dd'T'HH:mmZZ");
  return { slot, from: opensAt - leadMs, opensAt, until };
}

/** The stretch of `everyMs` within a span that `now` lies in: each is pinged once, however often the schedule fires. */
export function pingSlot(
  params: Readonly<{ slot: string; from: Timestamp; everyMs: number; now: Timestamp }>,
): string {
  const { slot, from, everyMs, now } = params;
  return `${slot}#${Math.max(0, Math.floor((now - from) / everyMs))}`;
}

/** A moment as a clock in the zone shows it, `2026-03-29 09:00`; the day is left out where it is that of `beside`. */
export function onTheWall(at: Timestamp, zone: string, beside: Timestamp | null = null): string {
  const local = DateTime.fromMillis(at, { zone });
  const isSameDay = beside !== null && local.hasSame(DateTime.fromMillis(beside, { zone }), "day");
  return local.toFormat(isSameDay ? "HH:mm" : "yyyy-MM-dd HH:mm");
}

function localDay(zone: string, at: Timestamp): Day {
  const { year, month, day } = DateTime.fromMillis(at, { zone });
  return { year, month, day };
}

function plusDays({ year, month, day }: Day, days: number): Day {
  return { year, month, day: day + days };
}

/** The time on the wall, counted as if the zone were UTC. */
function wallTime(date: DateTime, time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return date.set({ hour, minute }).toMillis();
}

/**
 * When a clock on the wall shows this time: the first or last moment of it where the clocks were set back, and the end
 * of what was skipped where they were set forward over it.
 */
function instantOf(zone: string, wall: number, which: "first" | "last"): Timestamp {
  const clock = IANAZone.create(zone);
  const offsetAt = (at: number): number => clock.offset(at) * minuteMs;
  const [before, after] = [offsetAt(wall - dayMs), offsetAt(wall + dayMs)];
  const moments = [wall - before, wall - after].filter((at) => at + offsetAt(at) === wall);
  if (moments.length > 0) return which === "first" ? Math.min(...moments) : Math.max(...moments);
  let [low, high] = [wall - after, wall - before];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
