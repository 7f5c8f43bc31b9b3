import type { CheckResult, Verdict } from "./events.ts";
import { type Count, provesAbove, provingRow } from "./evidence.ts";
import { formatMs, gateVerdict } from "./gate.ts";
import type { WatchConfig } from "./release-config.ts";

/** What was seen at one request: whether the check held, how long it took, and what to tell of it. */
export type Observation = Readonly<{
  check: string;
  /** `unobserved`: nothing is known of the candidate, such as 429 (no instance free) or a request cut off by the end. */
  outcome: "pass" | "fail" | "unobserved";
  durationMs: number;
  measured: string;
  /** The revision that the answer told, when it is not the candidate's; null = none or the right one. */
  stranger: string | null;
}>;

/** All that the judge keeps of what was observed so far; plain data, so it can be carried from slice to slice. */
export type Tally = Readonly<{
  requests: number; // observed ones
  failures: number;
  slow: number; // passes above the p95 limit
  unobserved: number;
  rows: Readonly<Record<string, number>>; // failures in a row, by check
  slowestMs: number;
  lastFailure: string | null;
  stranger: string | null;
}>;

export const emptyTally: Tally = {
  requests: 0,
  failures: 0,
  slow: 0,
  unobserved: 0,
  rows: {},
  slowestMs: 0,
  lastFailure: null,
  stranger: null,
};

/** Fewer samples say nothing about a 95th percentile. */
export const leastLatencySamples = 20;

/** One failure is an accident, two are bad luck. */
const leastFailures = 3;

/** The tally with one more observation; an unobserved one leaves the rows as they are. */
export function tallied(
  params: Readonly<{ tally: Tally; observation: Observation; watch: WatchConfig }>,
): Tally {
  const { tally, observation, watch } = params;
  const stranger = tally.stranger ?? observation.stranger;
  if (observation.outcome === "unobserved") {
    return { ...tally, stranger, unobserved: tally.unobserved + 1 };
  }
  const failed = observation.outcome === "fail";
  const row = failed ? (tally.rows[observation.check] ?? 0) + 1 : 0;
  const slow = !failed && watch.latencyP95Ms !== null && observation.durationMs > watch.latencyP95Ms;
  return {
    ...tally,
    stranger,
    requests: tally.requests + 1,
    failures: tally.failures + (failed ? 1 : 0),
    slow: tally.slow + (slow ? 1 : 0),
    rows: { ...tally.rows, [observation.check]: row },
    slowestMs: failed ? tally.slowestMs : Math.max(tally.slowestMs, observation.durationMs),
    lastFailure: failed ? `${observation.check}: ${observation.measured}` : tally.lastFailure,
  };
}

/**
 * What the tally says, as three checks. `fail`: another revision answered; a check failed `provingRow` times in a row;
 * or the share of failures (at least 3), or of answers above the p95 limit (at least 20 samples), is proven to be above
 * its limit. A few failures that prove nothing pass. `inconclusive`: nothing was observed, or a row of failures is open.
 */
export function judgeWatch(params: Readonly<{ tally: Tally; watch: WatchConfig }>): readonly CheckResult[] {
  const { tally, watch } = params;
  const latency = watch.latencyP95Ms === null ? [] : [judgeLatency({ tally, p95Ms: watch.latencyP95Ms })];
  const stranger = tally.stranger === null ? [] : [strangerResult(tally.stranger)];
  return [...stranger, judgeErrors(params), ...latency];
}

/** `fail` before `inconclusive` before `pass`. */
export function watchVerdict(results: readonly CheckResult[]): Verdict {
  return gateVerdict(results);
}

function strangerResult(stranger: string): CheckResult {
  const measured = `the answer comes from ${JSON.stringify(stranger.slice(0, 80))}`;
  return { name: "identity", verdict: "fail", measured, limit: "answers from the candidate" };
}

function judgeErrors(params: Readonly<{ tally: Tally; watch: WatchConfig }>): CheckResult {
  const { tally, watch } = params;
  const { requests, failures, unobserved, lastFailure } = tally;
  const longest = Math.max(0, ...Object.values(tally.rows));
  const row = provingRow(watch.maxErrorShare);
  const count: Count = { bad: failures, total: requests };
  const proven = longest >= row || provesAbove({ count, limit: watch.maxErrorShare, least: leastFailures });
  const open = requests === 0 || longest > 0;
  const last =
    lastFailure === null ? "" : `, ${longest > 1 ? `${longest} in a row, ` : ""}last ${lastFailure}`;
  const unseen = unobserved === 0 ? "" : `, ${unobserved} not observed`;
  return {
    name: "errors",
    verdict: proven ? "fail" : open ? "inconclusive" : "pass",
    measured: `${failures} of ${requests} failed${last}${unseen}`,
    limit: `at most ${percent(watch.maxErrorShare)}, no ${row} in a row`,
  };
}

function judgeLatency(params: Readonly<{ tally: Tally; p95Ms: number }>): CheckResult {
  const { tally, p95Ms } = params;
  const samples = tally.requests - tally.failures;
  const count: Count = { bad: tally.slow, total: samples };
  const proven = samples >= leastLatencySamples && provesAbove({ count, limit: 0.05, least: leastFailures });
  const slowest = samples === 0 ? "" : `, slowest ${formatMs(tally.slowestMs)}`;
  const few = samples < leastLatencySamples ? ` (too few to fail)` : "";
  return {
    name: "latency",
    verdict: proven ? "fail" : samples === 0 ? "inconclusive" : "pass",
    measured: `${tally.slow} of ${samples} above ${formatMs(p95Ms)}${slowest}${few}`,
    limit: `at most 5 % above ${formatMs(p95Ms)}`,
  };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
