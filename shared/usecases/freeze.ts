import { DateTime } from "luxon";
import type { ServiceKey, Timestamp } from "../domain/ids.ts";
import { type FreezeWindow, matchesGlob, type Policy } from "../domain/policy.ts";

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** The freeze that stands over a service at a moment, in the zone of its window; null = releases may begin. */
export function freezeOver(
  params: Readonly<{ policy: Policy; service: ServiceKey; at: Timestamp }>,
): FreezeWindow | null {
  const { policy, service, at } = params;
  const covers = (window: FreezeWindow): boolean =>
    window.services.some((glob) => matchesGlob(glob, service));
  return (
    policy.freezes.find(
      (window) => covers(window) && stands(window, DateTime.fromMillis(at, { zone: window.zone })),
    ) ?? null
  );
}

function stands(window: FreezeWindow, now: DateTime): boolean {
  if (window.kind === "once") {
    const minute = now.toFormat("yyyy-MM-dd'T'HH:mm");
    return window.from <= minute && minute < window.to;
  }
  const today = weekdays[now.weekday - 1] ?? "mon";
  const yesterday = weekdays[(now.weekday + 5) % 7] ?? "mon";
  const time = now.toFormat("HH:mm");
  const { hours, days } = window;
  if (hours === null) return days.includes(today);
  if (hours.from < hours.to) return days.includes(today) && hours.from <= time && time < hours.to;
  return (days.includes(today) && time >= hours.from) || (days.includes(yesterday) && time < hours.to);
}
