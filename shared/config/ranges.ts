import { z } from "zod";
import type { Weekday } from "../domain/release-config.ts";
import { nearestWord } from "./nearest-word.ts";
import { parseDuration } from "./units.ts";

/** In the order of the week, Monday first. */
export const weekdays: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const hoursPattern = /^([01]\d|2[0-3]):([0-5]\d)\.\.([01]\d|2[0-3]):([0-5]\d)$/;
const dayWords = weekdays.join("|");
const daysPattern = new RegExp(`^(${dayWords})(?:\\.\\.(${dayWords}))?$`);
const durationsPattern = /^[0-9a-z]+\.\.[0-9a-z]+$/;

/** `mon..fri` as days in the order they come; `sat..mon` runs over the end of the week. Null when it is no range. */
function parseDays(text: string): readonly Weekday[] | null {
  const [, from, to] = daysPattern.exec(text) ?? [];
  const start = numberOfDay(from);
  if (start < 0) return null;
  const end = to === undefined ? start : numberOfDay(to);
  const count = ((end - start + 7) % 7) + 1;
  return Array.from({ length: count }, (_, index) => weekdays[(start + index) % 7] ?? "mon");
}

function numberOfDay(name: string | undefined): number {
  return weekdays.map(String).indexOf(name ?? "");
}

/** Days of the week: `mon..fri`, `sat`, or a list of both; each day once, in the order of the week. */
export function daysField() {
  const message = "must be days like `mon..fri`, `sat`, or a list like `[mon, wed..fri]`";
  const range = z.string().regex(daysPattern, { error: message });
  return z
    .union([range, z.array(range).min(1).max(7)], {
      error: (issue) => (issue.input === undefined ? undefined : message),
    })
    .meta({ title: "days" })
    .transform((given) => {
      const days = [given].flat().flatMap((text) => parseDays(text) ?? []);
      return weekdays.filter((day) => days.includes(day));
    });
}

/** Hours of a day, `"09:00..21:00"`; an end before the start runs over midnight. */
export function hoursField() {
  const message = 'must be hours in quotes, like `"09:00..21:00"`';
  const error = (issue: Readonly<{ input?: unknown }>) => (issue.input === undefined ? undefined : message);
  return z
    .string({ error })
    .regex(hoursPattern, { error })
    .meta({ title: "hours" })
    .transform((text, context) => {
      const [from = "", to = ""] = text.split("..");
      if (from === to)
        context.issues.push({ code: "custom", message: "begins and ends at once", input: text });
      return { from, to };
    });
}

/** Two durations, `30s..60s`, as milliseconds; the first is the smaller one. */
export function durationRangeField() {
  const message = "must be two durations, like `30s..60s`";
  const error = (issue: Readonly<{ input?: unknown }>) => (issue.input === undefined ? undefined : message);
  return z
    .string({ error })
    .regex(durationsPattern, { error })
    .meta({ title: "two durations" })
    .transform((text, context): readonly [number, number] => {
      const [low, high] = text.split("..").map(parseDuration);
      const isRange = typeof low === "number" && typeof high === "number" && low <= high;
      if (!isRange)
        context.issues.push({ code: "custom", message: `${message}, the shorter one first`, input: text });
      return [low ?? 0, high ?? 0];
    });
}

/** The name of a time zone in the IANA database, such as `Europe/Paris` or `UTC`. */
export function zoneField() {
  return z
    .string()
    .meta({ title: "time zone" })
    .transform((name, context) => {
      if (!isZone(name)) {
        const meant = nearestWord(name, Intl.supportedValuesOf("timeZone"));
        const hint = meant === null ? "" : `; did you mean \`${meant}\`?`;
        const message = `\`${name}\` is no time zone of the IANA database, like \`Europe/Paris\` or \`UTC\`${hint}`;
        context.issues.push({ code: "custom", message, input: name });
      }
      return name;
    });
}

function isZone(name: string): boolean {
  if (name !== "UTC" && !/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){1,2}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
