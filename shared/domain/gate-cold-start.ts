import type { CheckResult } from "./events.ts";
import { formatMs } from "./gate.ts";
import type { Timestamp } from "./ids.ts";
import type { VerifyConfig } from "./release-config.ts";

export type ColdStartConfig = NonNullable<VerifyConfig["coldStart"]>;

/** When Cloud Run began to start the first instance of a revision, and when that instance passed its startup probe. */
export type FirstStart = Readonly<{ from: Timestamp; to: Timestamp }>;

/** What is known of the first instance of a candidate. */
export type ColdStartEvidence = Readonly<{
  /** Null = Cloud Run does not tell, for instance because the revision skips its health check. */
  firstStart: FirstStart | null;
  /** The slowest start of the revision that Cloud Monitoring saw; null = none was seen. */
  metricMs: number | null;
  /** When the candidate was first asked, and how long until it answered, all tries together. */
  firstAsked: Timestamp;
  firstAnswerMs: number;
}>;

/** `measuredMs` null = it was not shown that an instance was cold. */
export type JudgedColdStart = Readonly<{ result: CheckResult; measuredMs: number | null }>;

const name = "cold start";

/** An instance that was started for the deploy still stands when it is asked this soon afterwards. */
const sameInstanceMs = 60_000;

/** A line learnt from fewer good releases would be chance. */
const leastLearnt = 3;

/** How many good releases are learnt from. */
export const learntReleases = 10;

/**
 * The time of a start from nothing: a revision is new, so its FIRST instance is cold by Cloud Run's own record, and what
 * the first answer took comes on top. Above `within` it fails; outside of `expect`, or far above what the last good
 * releases took, it passes with a warning. Not shown to be cold is `inconclusive`: a fast answer of a warm instance proves
 * nothing.
 */
export function judgeColdStart(
  params: Readonly<{ config: ColdStartConfig; evidence: ColdStartEvidence; learntMs: readonly number[] }>,
): JudgedColdStart {
  const { config, evidence, learntMs } = params;
  const limit = `within ${formatMs(config.withinMs)}`;
  const found = measuredStart(evidence);
  if (found === null) {
    const measured = `first answer in ${formatMs(evidence.firstAnswerMs)}, not shown to come from a new instance`;
    return { result: { name, verdict: "inconclusive", measured, limit }, measuredMs: null };
  }
  const { ms, words } = found;
  const verdict = ms > config.withinMs ? "fail" : "pass";
  const warning = warningsOf({ ms, expectMs: config.expectMs, learntMs });
  const result = { name, verdict, measured: `${formatMs(ms)}: ${words}`, limit } as const;
  return { result: warning === null ? result : { ...result, warning }, measuredMs: ms };
}

function measuredStart(evidence: ColdStartEvidence): Readonly<{ ms: number; words: string }> | null {
  const { firstStart, metricMs, firstAsked, firstAnswerMs } = evidence;
  const startMs = firstStart === null ? metricMs : Math.max(0, firstStart.to - firstStart.from);
  if (startMs === null) return null;
  const answer = `first answer ${formatMs(firstAnswerMs)}`;
  const start = `the first instance started in ${formatMs(startMs)}`;
  const isSame = firstStart !== null && firstAsked - firstStart.to <= sameInstanceMs;
  if (isSame) return { ms: startMs + firstAnswerMs, words: `${start}, ${answer} more` };
  return { ms: Math.max(startMs, firstAnswerMs), words: `${start}, ${answer} later` };
}

function warningsOf(
  params: Readonly<{ ms: number; expectMs: ColdStartConfig["expectMs"]; learntMs: readonly number[] }>,
): string | null {
  const { ms, expectMs, learntMs } = params;
  const warnings: string[] = [];
  if (expectMs !== null && (ms < expectMs[0] || ms > expectMs[1]))
    warnings.push(`outside of the expected ${formatMs(expectMs[0])} to ${formatMs(expectMs[1])}`);
  const line = warningLine(learntMs);
  if (line !== null && ms > line.lineMs)
    warnings.push(
      `the last ${line.releases} good releases took about ${formatMs(line.medianMs)}, and more than ${formatMs(line.lineMs)} is unusual`,
    );
  return warnings.length === 0 ? null : warnings.join("; ");
}

/** Of normally distributed values, the standard deviation is this many median absolute deviations. */
const madToDeviation = 1.4826;

/** A difference that nobody waits for is none. */
const leastDifferenceMs = 1_000;

export type WarningLine = Readonly<{ medianMs: number; lineMs: number; releases: number }>;

/**
 * Above which a cold start is unusual: the median and three robust standard deviations, a quarter of the median and a second at
 * least.
 * Leys et al., "Detecting outliers: Do not use standard deviation around the mean, use absolute deviation around the
 * median", doi:10.1016/j.jesp.2013.03.013. Null with fewer than three values.
 */
export function warningLine(learntMs: readonly number[]): WarningLine | null {
  if (learntMs.length < leastLearnt) return null;
  const medianMs = medianOf(learntMs);
  const deviation = madToDeviation * medianOf(learntMs.map((ms) => Math.abs(ms - medianMs)));
  return {
    medianMs,
    lineMs: medianMs + Math.max(3 * deviation, medianMs / 4, leastDifferenceMs),
    releases: learntMs.length,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
