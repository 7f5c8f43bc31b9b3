import { z } from "zod";

const second = 1000;
const durationUnits = { d: 86_400 * second, h: 3600 * second, m: 60 * second, s: second, ms: 1 } as const;
const sizeUnits = {
  Ti: 2 ** 40,
  T: 1e12,
  Gi: 2 ** 30,
  G: 1e9,
  Mi: 2 ** 20,
  M: 1e6,
  Ki: 2 ** 10,
  k: 1e3,
} as const;
const durationPattern =
  /^(?=.)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;
const sizePattern = /^(\d{1,9}(?:\.\d{1,3})?)(Ki|Mi|Gi|Ti|k|M|G|T)$/;
const percentPattern = /^(\d{1,3}(?:\.\d{1,4})?)%$/;

/** The limits of one duration, in milliseconds. */
export type DurationLimits = Readonly<{ min?: number; max?: number }>;

/** `30s`, `10m`, `1h30m`, `500ms`, `2d` as milliseconds; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  const match = durationPattern.exec(text);
  if (match === null) return null;
  const factors = Object.values(durationUnits);
  return factors.reduce((sum, factor, index) => sum + Number(match[index + 1] ?? 0) * factor, 0);
}

/** The shortest text that `parseDuration` reads as this many milliseconds. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds;
  const parts = Object.entries(durationUnits).map(([unit, factor]) => {
    const count = Math.floor(rest / factor);
    rest -= count * factor;
    return count === 0 ? "" : `${count}${unit}`;
  });
  return parts.join("") || "0s";
}

/** `32Gi`, `512Mi`, `1.5G` as bytes; null when the text is no size. */
function parseSize(text: string): number | null {
  const [, count, unit] = sizePattern.exec(text) ?? [];
  const factor = Object.entries(sizeUnits).find(([name]) => name === unit)?.[1];
  return factor === undefined ? null : Math.round(Number(count) * factor);
}

/** The largest unit that says this many bytes in a whole number. */
export function formatSize(bytes: number): string {
  const [unit, factor] = Object.entries(sizeUnits).find(([, size]) => bytes % size === 0) ?? ["Ki", 1024];
  return `${Number((bytes / factor).toFixed(3))}${unit}`;
}

/** `5%` as 5; null when the text is no percentage. */
function parsePercent(text: string): number | null {
  const [, number] = percentPattern.exec(text) ?? [];
  return number === undefined ? null : Number(number);
}

/** 0.01 as `1%`. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(9))}%`;
}

/** A duration with its unit, as milliseconds. */
export function durationField({ min = second, max = durationUnits.d }: DurationLimits = {}) {
  const limits = `between ${formatDuration(min)} and ${formatDuration(max)}`;
  return textWithUnit({
    title: `duration, ${limits}`,
    form: "a duration like `30s`, `10m` or `1h30m`",
    repair: (bare) => `write its unit, like \`${bare}s\`, \`${bare}m\` or \`${bare}h\``,
    pattern: durationPattern,
    parse: parseDuration,
    check: (value) => (value >= min && value <= max ? null : `must lie ${limits}`),
  });
}

/** A size in memory with its unit, as bytes. */
export function sizeField() {
  return textWithUnit({
    title: "size",
    form: "a size like `32Gi` or `512Mi`",
    repair: (bare) => `write its unit, like \`${bare}Gi\` or \`${bare}Mi\``,
    pattern: sizePattern,
    parse: parseSize,
    check: (value) => (value > 0 ? null : "must be more than nothing"),
  });
}

/** A percentage as a share of 1. */
export function shareField({ max = 100 }: Readonly<{ max?: number }> = {}) {
  const check = (value: number) => (value <= max ? null : `must be at most ${max}%`);
  return percentText("percentage", check).transform((value) => value / 100);
}

/** A whole percentage of traffic, 1 to 100: Cloud Run splits traffic in whole percents. */
export function trafficField() {
  return percentText("whole percentage", (value) =>
    Number.isInteger(value) && value >= 1 && value <= 100
      ? null
      : "must be a whole percentage from 1% to 100%",
  );
}

function percentText(title: string, check: (value: number) => string | null) {
  return textWithUnit({
    title,
    form: "a percentage like `5%`",
    repair: (bare) => `write \`${bare}%\``,
    pattern: percentPattern,
    parse: parsePercent,
    check,
  });
}

type Unit = Readonly<{
  title: string; // what the reference page calls it
  form: string;
  repair: (bareNumber: string) => string;
  pattern: RegExp;
  parse: (text: string) => number | null;
  check: (value: number) => string | null; // a complaint
}>;

function textWithUnit({ title, form, repair, pattern, parse, check }: Unit) {
  const bareNumber = /^\d+(?:\.\d+)?$/;
  const error = ({ input }: Readonly<{ input?: unknown }>) => {
    if (input === undefined) return undefined;
    const isNumber =
      (typeof input === "number" || typeof input === "string") && bareNumber.test(String(input));
    return isNumber ? `the number ${input} has no unit: ${repair(String(input))}` : `must be ${form}`;
  };
  return z
    .string({ error })
    .regex(pattern, { error })
    .meta({ title })
    .transform((text, context) => {
      const value = parse(text) ?? 0;
      const complaint = check(value);
      if (complaint !== null) context.issues.push({ code: "custom", message: complaint, input: text });
      return value;
    });
}
