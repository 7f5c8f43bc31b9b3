import type { Timestamp } from "../shared/domain/ids.ts";

type Clock = Readonly<{ zone: string }>;

/** `2026-01-05 09:00:12 UTC`: the local time, with its zone. */
export function formatTime(at: Timestamp, { zone }: Clock): string {
  const parts = partsOf(at, zone);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")} ${of("hour")}:${of("minute")}:${of("second")} ${of("timeZoneName")}`;
}

/** `09:00:12 UTC`, for lines that follow each other. */
export function formatTimeOfDay(at: Timestamp, clock: Clock): string {
  return formatTime(at, clock).slice(11);
}

function partsOf(at: Timestamp, zone: string): Intl.DateTimeFormatPart[] {
  const two = "2-digit";
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    timeZoneName: "short",
    hourCycle: "h23",
    year: "numeric",
    ...{ month: two, day: two, hour: two, minute: two, second: two },
  });
  return format.formatToParts(at);
}
