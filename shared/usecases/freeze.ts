import { DateTime } from "luxon";
import { type StandingFreeze, standingOver } from "../domain/freeze.ts";
import type { ServiceKey, Timestamp } from "../domain/ids.ts";
import { type FreezeWindow, matchesGlob, type Policy } from "../domain/policy.ts";
import type { Deps } from "./deps.ts";

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** The freezes of people and policy that stand now, by service; those of people come first. */
export async function standingFreezes({
  freezes,
  policy,
  clock,
}: Pick<Deps, "freezes" | "policy" | "clock">): Promise<(service: ServiceKey) => readonly StandingFreeze[]> {
  const at = clock.now();
  const open = await freezes.open({ at });
  return (service) => [
    ...standingOver(open, { service, at }),
    ...windowsOver({ policy, service, at }).map((window) => inPolicy(window, at)),
  ];
}

/** The windows of the policy that stand over a service at a moment, each in its own zone. */
export function windowsOver(
  params: Readonly<{ policy: Policy; service: ServiceKey; at: Timestamp }>,
): readonly FreezeWindow[] {
  const { policy, service, at } = params;
  return policy.freezes.filter(
    (window) => window.services.some((glob) => matchesGlob(glob, service)) && windowStands(window, at),
  );
}

function inPolicy(window: FreezeWindow, at: Timestamp): StandingFreeze {
  const { name, services, zone } = window;
  const until = windowEnd(window, at);
  return { id: null, services: services.join(" or "), title: name, by: "the operator's policy", until, zone };
}

/** Whether a window of the policy stands at a moment. */
export function windowStands(window: FreezeWindow, at: Timestamp): boolean {
  return stands(window, DateTime.fromMillis(at, { zone: window.zone }));
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

/** When a window that stands now ends; null = never, as one of every day and hour. */
export function windowEnd(window: FreezeWindow, at: Timestamp): Timestamp | null {
  const { zone } = window;
  if (window.kind === "once") return DateTime.fromISO(window.to, { zone }).toMillis();
  const now = DateTime.fromMillis(at, { zone });
  const [hour = 0, minute = 0] = (window.hours?.to ?? "00:00").split(":").map(Number);
  const midnights = Array.from({ length: 9 }, (_, days) => now.startOf("day").plus({ days }));
  const ends = midnights.flatMap((midnight) => [midnight, midnight.set({ hour, minute })]);
  return ends.find((end) => end > now && !stands(window, end))?.toMillis() ?? null;
}
