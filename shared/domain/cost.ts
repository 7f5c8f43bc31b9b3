import {
  awakeSpans,
  type Counted,
  coldStartsAvoided,
  coldStartsSeen,
  idleRetentionMs,
  type Usage,
} from "./cold-starts.ts";
import { type Billed, type Rate, rateOf } from "./cost-rate.ts";
import { type IdleMinimum, idleMinimums, type ReferencedRevision } from "./idle-minimum.ts";
import { type Price, priceOf } from "./prices.ts";
import { lengthOf, type TimeSpan, without } from "./time-spans.ts";

/** The longest time that a bill is of: Cloud Monitoring keeps metrics of Cloud Run for six weeks. */
export const maxCostDays = 42;

/** How a service may be kept, from the dearest to the cheapest. */
export type KeptMode = "always-on" | "warm-window" | "ping" | "scale-to-zero";

/** Money for the period in one mode. `hours` are of instances; null = not known, and `why` says what is missing. */
export type ModeCost = Readonly<{
  mode: KeptMode;
  isNow: boolean; // what the service is in
  usd: number | null;
  hours: number | null;
  basis: "computed" | "estimated" | "unknown";
  why: string;
}>;

/** What was really paid for, as Cloud Monitoring counted it. */
type Spent = Readonly<{
  usd: number | null;
  hours: number | null;
  basis: "measured" | "unknown";
  why: string;
}>;

/** How a service is kept warm, and when within the period. */
type Warmup = Readonly<{ mode: "minInstances" | "ping"; instances: number; spans: readonly TimeSpan[] }>;

/** Everything that the bill is made of, as plain data. */
export type CostFacts = Readonly<{
  period: TimeSpan;
  service: string; // its name
  region: string;
  billed: Billed;
  hasSidecars: boolean;
  prices: readonly Price[];
  minimum: number; // of the service and its serving revision, outside of a warm window
  warmup: Warmup | null; // null = the service is not kept warm
  referenced: readonly ReferencedRevision[];
  usage: Usage;
}>;

/** The bill of a service: what its modes cost, what it really used, and what is wasted. Money is in US dollars. */
export type CostReport = Readonly<{
  period: TimeSpan;
  billing: Billed["billing"];
  rate: Rate; // of one instance that serves
  warmHours: number;
  modes: readonly ModeCost[];
  spent: Spent;
  coldStarts: Readonly<{ seen: Counted; avoided: Counted }>;
  idleMinimums: readonly IdleMinimum[];
  notCounted: readonly string[];
}>;

const hourMs = 3_600_000;

/** Reckons the bill. Nothing is guessed: what has no price or no measurement is null and said in words. */
export function costReport(facts: CostFacts): CostReport {
  const { period, billed, warmup, usage, region, prices } = facts;
  const warm = warmup?.spans ?? [];
  const retentionMs = idleRetentionMs({ hasGpu: billed.gpu !== null });
  const asked = { usage, period, warm, mode: warmup?.mode ?? null, retentionMs };
  return {
    period,
    billing: billed.billing,
    rate: rateOf({ billed, use: "serving", region, prices }),
    warmHours: lengthOf(warm) / hourMs,
    modes: modesOf(facts, retentionMs),
    spent: spentOf(facts),
    coldStarts: { seen: coldStartsSeen(asked), avoided: coldStartsAvoided(asked) },
    idleMinimums: idleMinimums({ referenced: facts.referenced, service: facts.service, region, prices }),
    notCounted: [
      "Free tier, discounts, taxes and network traffic.",
      "Changes within the period: settings, prices and warm hours are those of now.",
      ...(facts.hasSidecars ? ["CPU and memory of sidecars: only the serving container is reckoned."] : []),
    ],
  };
}

type Kept = Readonly<{
  mode: KeptMode;
  isNow: boolean;
  instances: number;
  spans: readonly TimeSpan[];
  why: string;
}>;

function modesOf(facts: CostFacts, retentionMs: number): readonly ModeCost[] {
  const { period, warmup, minimum } = facts;
  const always: Kept = {
    mode: "always-on",
    isNow: minimum > 0,
    instances: Math.max(1, minimum),
    spans: [period],
    why: "a minimum of instances all the time",
  };
  const zero: Kept = {
    mode: "scale-to-zero",
    isNow: minimum === 0 && warmup === null,
    instances: 0,
    spans: [],
    why: "an instance from each request until it has been idle for long enough, with cold starts",
  };
  const cost = (kept: Kept): ModeCost => modeCost(facts, kept, retentionMs);
  const windows =
    warmup === null ? [noWindow("warm-window"), noWindow("ping")] : warmModes(facts, warmup).map(cost);
  return [cost(always), ...windows, cost(zero)];
}

function warmModes({ minimum, billed }: CostFacts, { mode, instances, spans }: Warmup): readonly Kept[] {
  const kept = "one instance that pings keep, without promise";
  const ping =
    billed.billing === "instance"
      ? `${kept}; it costs what a minimum of 1 costs`
      : `${kept}; while it waits it costs nothing, and the pings themselves are not reckoned`;
  const isNow = (of: Warmup["mode"]): boolean => minimum === 0 && mode === of;
  const why = "a minimum in the warm window, zero outside";
  return [
    { mode: "warm-window", isNow: isNow("minInstances"), instances, spans, why },
    { mode: "ping", isNow: isNow("ping"), instances: 1, spans, why: ping },
  ];
}

function noWindow(mode: KeptMode): ModeCost {
  const why =
    "No hours are known: the live gantry.yaml has no `warmup`. Write one, and this says what it costs.";
  return { mode, isNow: false, usd: null, hours: null, basis: "unknown", why };
}

function modeCost(facts: CostFacts, kept: Kept, retentionMs: number): ModeCost {
  const { mode, isNow } = kept;
  const { billed, period } = facts;
  const rates = ratesOf(facts);
  const missing = [...new Set([...rates.serving.missing, ...rates.waiting.missing])];
  const keptHours = (kept.instances * lengthOf(kept.spans)) / hourMs;
  if (rates.serving.usdPerHour === null || rates.waiting.usdPerHour === null)
    return { mode, isNow, usd: null, hours: null, basis: "unknown", why: noPrice(missing, facts.region) };
  const isWhole = keptHours > 0 && lengthOf(without([period], kept.spans)) === 0;
  if (billed.billing === "request") return requestBilled(facts, kept, keptHours);
  if (isWhole)
    return {
      mode,
      isNow,
      usd: keptHours * rates.waiting.usdPerHour,
      hours: keptHours,
      basis: "computed",
      why: `${capital(kept.why)}; more instances than that are not reckoned.`,
    };
  if (facts.usage.requests === null)
    return {
      mode,
      isNow,
      usd: null,
      hours: null,
      basis: "unknown",
      why: `${capital(kept.why)}. Cloud Monitoring has no count of requests, so the hours outside of a window are not known${keptHours > 0 ? `; the window alone is ${keptHours.toFixed(1)} h` : ""}.`,
    };
  const awake = without(awakeSpans(facts.usage.requests, retentionMs), kept.spans);
  const hours = keptHours + lengthOf(awake) / hourMs;
  return {
    mode,
    isNow,
    usd: hours * rates.serving.usdPerHour,
    hours,
    basis: "estimated",
    why: `${capital(kept.why)}; estimated from the requests that came, one instance at a time, each kept as long as Cloud Run keeps it at most, and without the time that it takes to start.`,
  };
}

/** Paid while it serves, whatever the mode; a minimum that waits costs its own, lower price. */
function requestBilled(
  facts: CostFacts,
  { mode, isNow, why, instances, spans }: Kept,
  keptHours: number,
): ModeCost {
  const { serving, waiting } = ratesOf(facts);
  const spent = spentOf(facts);
  if (
    spent.usd === null ||
    spent.hours === null ||
    serving.usdPerHour === null ||
    waiting.usdPerHour === null
  )
    return { mode, isNow, usd: null, hours: null, basis: "unknown", why: `${capital(why)}. ${spent.why}` };
  const waits = mode === "ping" || instances * spans.length === 0 ? 0 : Math.max(0, keptHours - spent.hours);
  return {
    mode,
    isNow,
    usd: spent.usd + waits * waiting.usdPerHour,
    hours: spent.hours + waits,
    basis: "estimated",
    why: `${capital(why)}; the time that requests took is measured, and costs the same in every mode.`,
  };
}

function ratesOf({ billed, region, prices }: CostFacts): Readonly<Record<"serving" | "waiting", Rate>> {
  return {
    serving: rateOf({ billed, use: "serving", region, prices }),
    waiting: rateOf({ billed, use: "waiting", region, prices }),
  };
}

/** Measured instance time at today's settings and prices, and requests where they are paid for. */
function spentOf(facts: CostFacts): Spent {
  const { billed, region, prices, usage } = facts;
  const { serving } = ratesOf(facts);
  const { billableSeconds } = usage;
  if (billableSeconds === null)
    return {
      usd: null,
      hours: null,
      basis: "unknown",
      why: "Cloud Monitoring has no billable time of this service in this time.",
    };
  const hours = billableSeconds / 3600;
  const perRequest = billed.billing === "request" ? priceOf(prices, { sku: "requests", region }) : null;
  const missing = [
    ...serving.missing,
    ...(billed.billing === "request" && perRequest === null ? ["requests"] : []),
  ];
  if (serving.usdPerHour === null || missing.length > 0)
    return { usd: null, hours, basis: "measured", why: noPrice(missing, region) };
  const requests = (usage.requests ?? []).reduce((sum, { value }) => sum + value, 0);
  const usd = hours * serving.usdPerHour + requests * (perRequest?.usd ?? 0);
  const why = "Billable instance time as Cloud Monitoring counted it, at the settings and prices of today.";
  return { usd, hours, basis: "measured", why };
}

function noPrice(missing: readonly string[], region: string): string {
  return `No price of ${missing.map((sku) => `\`${sku}\``).join(", ")} in ${region} is known. Write it under \`prices\` of gantry.policy.yaml.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
