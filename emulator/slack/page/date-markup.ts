type Reader = Readonly<{
  /** IANA name of the zone in which the reader is. */
  zone: string;
  nowMs: number;
}>;

/**
 * A `<!date^…>` as its reader sees it: docs.slack.dev/messaging/formatting-message-text, "Date formatting". Unknown tokens stay as
 * they are.
 */
export function formatDate(atMs: number, format: string, reader: Reader): string {
  return format.replace(/\{(\w+)\}/g, (token: string, name: string) => {
    const pretty = name.endsWith("_pretty") ? relativeDay(atMs, reader) : null;
    return pretty ?? tokens[name.replace(/_pretty$/, "")]?.(atMs, reader) ?? token;
  });
}

const tokens: Readonly<Record<string, (atMs: number, reader: Reader) => string>> = {
  date_num: (atMs, { zone }) => isoDay(atMs, zone),
  date_slash: (atMs, { zone }) => isoDay(atMs, zone).replaceAll("-", "/"),
  date: (atMs, { zone }) => longDay(atMs, zone, { month: "long" }),
  date_long: (atMs, { zone }) => longDay(atMs, zone, { month: "long", weekday: "long" }),
  date_short: (atMs, { zone }) => part(atMs, zone, { month: "short", day: "numeric", year: "numeric" }),
  time: (atMs, { zone }) => part(atMs, zone, { hour: "numeric", minute: "2-digit" }),
  time_secs: (atMs, { zone }) => part(atMs, zone, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (atMs, { nowMs }) => ago(atMs - nowMs),
};

function part(atMs: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-US", { ...options, timeZone: zone })
    .format(atMs)
    .replace(/\u202f/g, " ");
}

function isoDay(atMs: number, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(atMs);
}

function longDay(atMs: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  const day = Number(part(atMs, zone, { day: "numeric" }));
  const text = part(atMs, zone, { ...options, day: "numeric", year: "numeric" });
  return text.replace(`${day},`, `${day}${ordinal(day)},`);
}

function ordinal(day: number): string {
  const teen = day >= 11 && day <= 13;
  return teen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th");
}

function relativeDay(atMs: number, { zone, nowMs }: Reader): string | null {
  const days: readonly (readonly [string, number])[] = [
    ["yesterday", -1],
    ["today", 0],
    ["tomorrow", 1],
  ];
  const day = isoDay(atMs, zone);
  return days.find(([, offset]) => isoDay(nowMs + offset * 86_400_000, zone) === day)?.[0] ?? null;
}

function ago(differenceMs: number): string {
  const minutes = Math.round(differenceMs / 60_000);
  const relative = new Intl.RelativeTimeFormat("en-US");
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  if (Math.abs(minutes) < 48 * 60) return relative.format(Math.round(minutes / 60), "hour");
  return relative.format(Math.round(minutes / 1440), "day");
}

/** The zone if it is one that this machine knows; otherwise the other one. */
export function knownZone(zone: string | undefined, otherwise: string): string {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone ?? otherwise }).resolvedOptions().timeZone;
  } catch {
    return otherwise;
  }
}
