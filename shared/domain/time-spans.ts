import type { Timestamp } from "./ids.ts";

/** A stretch of time; `until` is the first moment after it. */
export type TimeSpan = Readonly<{ from: Timestamp; until: Timestamp }>;

/** The parts of spans that lie within another one. */
export function clipped(spans: readonly TimeSpan[], { from, until }: TimeSpan): readonly TimeSpan[] {
  return spans
    .map((span) => ({ from: Math.max(span.from, from), until: Math.min(span.until, until) }))
    .filter((span) => span.from < span.until);
}

/** The same time with no moment twice, in order. */
export function merged(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  const all: TimeSpan[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || span.from > last.until) all.push(span);
    else all[all.length - 1] = { from: last.from, until: Math.max(last.until, span.until) };
  }
  return all;
}

/** The time of `spans` that lies in none of `others`. */
export function without(spans: readonly TimeSpan[], others: readonly TimeSpan[]): readonly TimeSpan[] {
  return merged(others).reduce<readonly TimeSpan[]>(
    (rest, { from, until }) =>
      rest.flatMap((span) => [
        ...clipped([span], { from: span.from, until: from }),
        ...clipped([span], { from: until, until: span.until }),
      ]),
    merged(spans),
  );
}

/** How long spans last together, in milliseconds; a moment in two of them counts once. */
export function lengthOf(spans: readonly TimeSpan[]): number {
  return merged(spans).reduce((sum, { from, until }) => sum + until - from, 0);
}

/** Whether a moment lies in one of the spans. */
export function isWithin(spans: readonly TimeSpan[], at: Timestamp): boolean {
  return spans.some(({ from, until }) => from <= at && at < until);
}
