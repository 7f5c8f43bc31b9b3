import { isIncident } from "./decide-warmth.ts";
import type { RevisionName, Timestamp } from "./ids.ts";
import type { ReleaseConfig, WarmupConfig } from "./release-config.ts";
import type { ServiceState } from "./service-state.ts";
import type { TrafficShare } from "./traffic.ts";
import { type WarmStep, type Warmth, warmthOf } from "./warm-state.ts";
import { nextSpan, onTheWall, pingSlot, spanAt } from "./warm-window.ts";

/** What is known before Cloud Run is asked. `config` is that of the release that is live; null = none is. */
export type WarmFacts = Readonly<{ now: Timestamp; state: ServiceState; config: ReleaseConfig | null }>;

/** What Cloud Run says of a service. `minimum` null = it is scaled by hand. */
export type ScalingReading = Readonly<{
  minimum: number | null;
  by: string | null; // who wrote the service last
  url: string;
  effective: readonly (TrafficShare & Readonly<{ url: string | null }>)[];
}>;

/** Where a ping goes; `revision` null = to whichever revision the service's own URL leads. */
export type PingTarget = Readonly<{ revision: RevisionName | null; url: string }>;

/** What is to be done now, and why, in words. */
export type WarmPlan = Readonly<{ why: string }> &
  (
    | Readonly<{ do: "nothing" }>
    | Readonly<{ do: "step"; plan: WarmStep }>
    | Readonly<{
        do: "ping";
        slot: string; // of this one round
        stretch: Readonly<{ slot: string; until: Timestamp }>;
        targets: readonly PingTarget[];
        path: string;
      }>
  );

/** A stretch of time in which the service is to be warm, by its hours or because a person asked. */
export type Stretch = Readonly<{ slot: string; from: Timestamp; until: Timestamp; words: string }>;

/** What a service without `warmup` in its config is kept warm with when a person asks. */
const plain = { mode: "minInstances", instances: 1, path: "/health", everyMs: 300_000 } as const;

const nothing = (why: string): WarmPlan => ({ do: "nothing", why });

/** Null = Cloud Run has to be asked before anything can be said; otherwise why nothing is to be done now. */
export function idleReason({ now, state, config }: WarmFacts): string | null {
  const { due, raised, backoff } = warmthOf(state);
  if (isIncident(state))
    return "The service is in trouble or held for a person: its minimum is left as it is.";
  if (due !== null) return "A change of the minimum is on its way.";
  const stretch = stretchAt({ now, state, config });
  if (stretch === null && raised === null) return coldWords({ now, state, config });
  if (backoff !== null && now < backoff.until && (stretch === null || backoff.slot === stretch.slot))
    return `It is tried again later, because the last try failed: ${backoff.message}`;
  return null;
}

/** What to do about the warmth of a service, from what Gantry did and what Cloud Run says. */
export function planWarmth(facts: WarmFacts, reading: ScalingReading | null): WarmPlan {
  const idle = idleReason(facts);
  if (idle !== null) return nothing(idle);
  if (reading === null) return nothing("Cloud Run has no such service.");
  const { raised } = warmthOf(facts.state);
  const stretch = stretchAt(facts);
  const { mode } = settingsOf(facts);
  if (raised !== null && (stretch === null || mode === "ping")) return takenBack(facts, reading, raised);
  if (stretch === null) return nothing(coldWords(facts));
  return mode === "ping" ? ping(facts, reading, stretch) : raise(facts, reading, stretch);
}

/** The stretch that is on; null = the service may be cold. */
export function stretchAt({ now, state, config }: WarmFacts): Stretch | null {
  const { asked, off } = warmthOf(state);
  const span = config?.warmup ? spanAt(config.warmup, now) : null;
  const isOff = span !== null && off !== null && off.at >= span.from;
  if (asked !== null && now < asked.until && state.live !== null) {
    const until = span === null || isOff ? asked.until : Math.max(asked.until, span.until);
    return { slot: `asked-${asked.at}`, from: asked.at, until, words: `${asked.by.name} asked for it` };
  }
  if (span === null || isOff || !config?.warmup) return null;
  return { slot: span.slot, from: span.from, until: span.until, words: hoursInWords(config.warmup) };
}

function raise({ config, state }: WarmFacts, reading: ScalingReading, stretch: Stretch): WarmPlan {
  const { raised, leftAlone } = warmthOf(state);
  const { minimum, by } = reading;
  const { slot, until, words } = stretch;
  if (raised !== null && minimum !== raised.to) return leftToThem(raised, minimum, by);
  if (leftAlone?.slot === slot)
    return nothing("Somebody else set the minimum in this window: it is theirs until the next one.");
  if (minimum === null) return nothing("The service is scaled by hand: it has no minimum to raise.");
  const to = Math.max(settingsOf({ config }).instances, config?.guardrails.instances?.min ?? 0);
  if (minimum >= to) return nothing(`The minimum is ${minimum}, and ${to} is wanted: ${words}.`);
  return {
    do: "step",
    plan: { step: "set-minimum", slot, from: minimum, to, raise: true, until },
    why: `The minimum goes from ${minimum} to ${to}: ${words}.`,
  };
}

/** The window closed: the minimum goes back to what it was, and never below the guard rail. */
function takenBack(
  { config }: WarmFacts,
  { minimum, by }: ScalingReading,
  raised: NonNullable<Warmth["raised"]>,
): WarmPlan {
  if (minimum !== raised.to) return leftToThem(raised, minimum, by);
  const to = Math.max(raised.from, config?.guardrails.instances?.min ?? 0);
  return {
    do: "step",
    plan: { step: "set-minimum", slot: raised.slot, from: raised.to, to, raise: false, until: null },
    why: `The minimum goes back from ${raised.to} to ${to}: its window is over.`,
  };
}

function leftToThem(
  { slot, to }: NonNullable<Warmth["raised"]>,
  found: number | null,
  by: string | null,
): WarmPlan {
  const what = found === null ? "the service is scaled by hand" : `the minimum is ${found}`;
  return {
    do: "step",
    plan: { step: "leave-alone", slot, expected: to, found, by },
    why: `Gantry left a minimum of ${to}, and now ${what}: somebody else changed it, and it is left so.`,
  };
}

function ping({ now, config }: WarmFacts, reading: ScalingReading, stretch: Stretch): WarmPlan {
  const { everyMs, path } = settingsOf({ config });
  const { slot, from, until, words } = stretch;
  const targets = pingTargets(reading);
  if (targets.length === 0) return nothing("No revision has traffic, so none is pinged.");
  const round = pingSlot({ slot, from, everyMs, now });
  return { do: "ping", slot: round, stretch: { slot, until }, targets, path, why: `It is pinged: ${words}.` };
}

/**
 * The URLs that lead to what has traffic, each once: revisions with a tag at the tag's own URL, all others at that of the
 * service. A candidate at 0 % is never among them.
 */
export function pingTargets({
  url,
  effective,
}: Pick<ScalingReading, "url" | "effective">): readonly PingTarget[] {
  const served = new Set(effective.flatMap(({ revision, percent }) => (percent > 0 ? [revision] : [])));
  const tagged = effective.flatMap(({ revision, tag, url: own }) =>
    tag !== null && own !== null && revision !== null && served.has(revision) ? [{ revision, url: own }] : [],
  );
  const targets = tagged.filter(
    ({ revision }, index) => tagged.findIndex((other) => other.revision === revision) === index,
  );
  const isMissing = [...served].some((revision) => targets.every((target) => target.revision !== revision));
  return isMissing ? [{ revision: null, url }, ...targets] : targets;
}

function settingsOf({
  config,
}: Pick<WarmFacts, "config">): Pick<WarmupConfig, "mode" | "instances" | "path" | "everyMs"> {
  return config?.warmup ?? plain;
}

function hoursInWords({ from, to, zone }: WarmupConfig): string {
  return `it is kept warm from ${from} to ${to} (${zone})`;
}

function coldWords({ now, state, config }: WarmFacts): string {
  if (!config?.warmup) return "It is not kept warm: the live release has no `warmup` in its gantry.yaml.";
  const { warmup } = config;
  const next = nextSpan(warmup, now);
  const opens = next === null ? "none is in sight" : `it opens ${onTheWall(next.opensAt, warmup.zone, now)}`;
  const isOff = spanAt(warmup, now) !== null;
  const why = isOff
    ? `${warmthOf(state).off?.by.name ?? "Somebody"} called it off for now`
    : "Its window is closed";
  return `${why}; the next: ${opens} (${warmup.zone}).`;
}

/** The warmth of a service as one sentence for people. */
export function warmthInWords(facts: WarmFacts): string {
  const { raised, due, leftAlone, pings } = warmthOf(facts.state);
  const stretch = stretchAt(facts);
  const zone = facts.config?.warmup?.zone ?? "UTC";
  const end = stretch === null ? "" : ` until ${onTheWall(stretch.until, zone, facts.now)} (${zone})`;
  if (due !== null) return `Its minimum is on its way from ${due.from} to ${due.to}.`;
  const idle = idleReason(facts);
  if (raised !== null)
    return `Kept warm${end}: its minimum is ${raised.to}, and it was ${raised.from}.${idle === null ? "" : ` ${idle}`}`;
  if (idle !== null) return idle;
  if (stretch !== null && leftAlone?.slot === stretch.slot)
    return `Gantry left a minimum of ${leftAlone.expected}; somebody else changed it to ${leftAlone.found ?? "scaling by hand"}, and it is left so${end}.`;
  return pings !== null && pings.slot === stretch?.slot ? `Kept warm by pings${end}.` : `To be warm${end}.`;
}
