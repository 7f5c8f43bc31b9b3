import type { CheckResult } from "./events.ts";
import { formatMs } from "./gate.ts";
import type { Timestamp } from "./ids.ts";

/** The share of its memory that a revision used from `from` to `to`, 0..1, the highest that was sampled. */
export type MemoryPoint = Readonly<{ from: Timestamp; to: Timestamp; value: number }>;

export type MemoryEvidence = Readonly<{
  points: readonly MemoryPoint[];
  /** When the checks had been answered: the model is loaded and has worked. */
  checkedAt: Timestamp;
  /** Between two samples: what rises and falls in between is not seen. */
  sampleMs: number;
}>;

const name = "memory";

/**
 * The highest share of memory that was sampled against the limit. `fail` as soon as one sample is at or above it; `pass`
 * when a sample was taken after the checks were answered and none is; null = wait for one.
 */
export function judgeMemory(
  params: Readonly<{ below: number; evidence: MemoryEvidence }>,
): CheckResult | null {
  const { below, evidence } = params;
  const peak = peakOf(evidence);
  if (peak === null) return null;
  const isTooMuch = peak >= below;
  const isSeenAfter = evidence.points.some(({ from }) => from >= evidence.checkedAt);
  if (!isTooMuch && !isSeenAfter) return null;
  return {
    name,
    verdict: isTooMuch ? "fail" : "pass",
    measured: `${percent(peak)} at the most, ${blindness(evidence)}`,
    limit: `below ${percent(below)}`,
  };
}

/** What is said when the time was over before a sample of the candidate at work could be read. */
export function memoryUnseen(
  params: Readonly<{ below: number; evidence: MemoryEvidence; why: string }>,
): CheckResult {
  const { below, evidence, why } = params;
  const peak = peakOf(evidence);
  const before = peak === null ? "" : `, ${percent(peak)} at the most before`;
  return {
    name,
    verdict: "inconclusive",
    measured: `no sample after the checks: ${why}${before}`,
    limit: `below ${percent(below)}`,
  };
}

function blindness({ sampleMs }: MemoryEvidence): string {
  return `sampled every ${formatMs(sampleMs)}: a shorter peak is not seen`;
}

function peakOf({ points }: MemoryEvidence): number | null {
  return points.length === 0 ? null : Math.max(...points.map(({ value }) => value));
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
