import { everyService, type Freeze, freezeState, type StandingFreeze } from "./freeze.ts";
import type { Timestamp } from "./ids.ts";
import type { ReleaseBasics } from "./service-state.ts";

/** `Thu 24 Dec 2026 18:00 GMT+1`: a moment on the clock of a zone (IANA), which it names. */
export function momentWords(at: Timestamp, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    timeZoneName: "short",
    hourCycle: "h23",
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const of = (wanted: string) => parts.find(({ type }) => type === wanted)?.value ?? "";
  return `${of("weekday")} ${of("day")} ${of("month")} ${of("year")} ${of("hour")}:${of("minute")} ${of("timeZoneName")}`;
}

/** Whom a freeze is for, at the beginning of a sentence. */
export function scopeWords({ services }: Readonly<{ services: string }>): string {
  if (services === everyService) return "Every service";
  return /\*| or /.test(services) ? `Every service like ${services}` : services;
}

/** The same within a sentence. */
export function scopeInside(freeze: Readonly<{ services: string }>): string {
  return scopeWords(freeze).replace(/^Every/, "every");
}

/** When it ends, as who set it reads the clock. */
export function untilWords({
  id = "",
  until,
  zone,
}: Readonly<{ id?: string | null; until: Timestamp | null; zone: string }>): string {
  if (until !== null) return `until ${momentWords(until, zone)}`;
  return id === null ? "with no end that the policy names" : "until somebody lifts it";
}

/** `Every service is frozen by maya until …: migration`: who, until when and why, without a full stop. */
export function standingWords(freeze: StandingFreeze, verb: "is" | "was" = "is"): string {
  const { by, title } = freeze;
  return `${scopeWords(freeze)} ${verb} frozen by ${by} ${untilWords(freeze)}: ${title}`;
}

/** Where a freeze is now, in a few words. */
export function freezeWords(freeze: Freeze, at: Timestamp): string {
  const { from, until, zone, lifted } = freeze;
  if (lifted !== null) {
    const why = lifted.reason === "" ? "" : `: ${lifted.reason}`;
    return `lifted by ${lifted.by.name} ${momentWords(lifted.at, zone)}${why}`;
  }
  const state = freezeState(freeze, at);
  if (state === "over") return `over since ${momentWords(until ?? at, zone)}`;
  return state === "planned"
    ? `from ${momentWords(from, zone)} ${untilWords(freeze)}`
    : `stands ${untilWords(freeze)}`;
}

/** What freezes mean for one tag: a refusal, or how it passes; `despite` null = nothing stands in its way. */
export type FreezeVerdict =
  | Readonly<{ refusal: string }>
  | Readonly<{ despite: Readonly<{ freezes: string; reason: string }> | null }>;

/** Nothing new is released while a freeze stands, unless a person says why it has to be (`reason`; null = nobody does). */
export function freezeVerdict(
  params: Readonly<{ tag: string; freezes: readonly StandingFreeze[]; reason: string | null }>,
): FreezeVerdict {
  const { tag, freezes, reason } = params;
  const [first, ...more] = freezes;
  if (first === undefined) return { despite: null };
  if (reason !== null)
    return { despite: { freezes: freezes.map((freeze) => standingWords(freeze, "was")).join("; "), reason } };
  return { refusal: refusalWords(tag, first, more.length) };
}

/** What a release that went on despite a freeze says of it, as a sentence; empty for any other. */
export function despiteWords({ despite }: Pick<ReleaseBasics, "despite">): string {
  if (despite === undefined) return "";
  return `Released despite a freeze, because ${sentence(despite.reason)} ${sentence(despite.freezes)}`;
}

/** Why it is not released, what that means for the traffic, and what to type. */
function refusalWords(tag: string, first: StandingFreeze, more: number): string {
  const count = more === 1 ? "1 more freeze stands" : `${more} more freezes stand`;
  return [
    sentence(standingWords(first)),
    ...(more === 0 ? [] : [`${count}: gantry freeze list.`]),
    `So ${tag} is not released: traffic stays as it is, and a rollback always may run.`,
    `When the freeze is over: gantry deploy ${tag}.`,
    `To release it all the same: gantry deploy ${tag} --despite-freeze REASON.`,
    ...(first.id === null ? [] : [`To lift the freeze: gantry freeze off ${first.id}`]),
  ].join(" ");
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** The answer to whoever set a freeze: what it holds, what goes on all the same, and how to end it. */
export function frozenAnswer(
  freeze: Freeze,
  {
    at,
    services,
    going,
  }: Readonly<{
    at: Timestamp;
    services: number; // that it covers now
    going: readonly Readonly<{ id: string; tag: string; service: string }>[];
  }>,
): string {
  const { id, from, zone } = freeze;
  const state = freezeState(freeze, at);
  if (state === "lifted" || state === "over")
    return `The freeze ${id} was set before and is ${freezeWords(freeze, at)}.`;
  const begins = state === "planned" ? `will be frozen from ${momentWords(from, zone)}` : "is frozen";
  const count = services === 1 ? "1 service" : `${services} services`;
  return [
    `${scopeWords(freeze)} ${begins} ${untilWords(freeze)} (${id}, ${count} now): nothing new is released, a rollback always may run.`,
    goingWords(going),
    `To end it: gantry freeze off ${id}`,
  ].join(" ");
}

const mostNamed = 5;

function goingWords(going: readonly Readonly<{ id: string; tag: string; service: string }>[]): string {
  const [first] = going;
  if (first === undefined) return "No release is under way.";
  const named = going.slice(0, mostNamed).map(({ tag, service, id }) => `${tag} of ${service} (${id})`);
  const more = going.length - named.length;
  const list = [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
  const who =
    going.length === 1
      ? "1 release that was admitted before goes on"
      : `${going.length} releases that were admitted before go on`;
  return `${who}: ${list}. To stop one: gantry cancel ${first.id}, or gantry rollback SERVICE once it has traffic.`;
}

/** The answer to whoever lifted a freeze; `left` still stand over what it covered. */
export function liftedAnswer(
  freeze: Freeze,
  { at, left }: Readonly<{ at: Timestamp; left: readonly StandingFreeze[] }>,
): string {
  const [other] = left;
  const lifted = sentence(`The freeze ${freeze.id} of ${scopeInside(freeze)} is ${freezeWords(freeze, at)}`);
  if (other !== undefined) return `${lifted} It is not free yet: ${sentence(standingWords(other))}`;
  return `${lifted} What was refused meanwhile is not released by itself: gantry deploy TAG`;
}
