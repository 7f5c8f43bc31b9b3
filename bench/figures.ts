export type Unit = "ms" | "µs" | "MiB" | "/s" | "×" | "";

/** One line of the results. `p50` of a single run is its value; `p99` needs a hundred runs. */
export type Figure = Readonly<{
  name: string;
  unit: Unit;
  runs: number;
  p50: number;
  p99: number | null;
  max: number | null;
  /** What the figure is held against by who reads it; nothing here fails on it. */
  aim: string | null;
}>;

type Named = Readonly<{ name: string; unit: Unit; aim?: string }>;

const enoughForP99 = 100;

/** The nearest-rank percentile; `share` 0.5 is the median. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** What many runs of the same thing took. Throws when there is none: no evidence is no figure. */
export function spread({ name, unit, aim }: Named, values: readonly number[]): Figure {
  if (values.length === 0) throw new Error(`nothing was measured for ${name}`);
  const sorted = values.toSorted((a, b) => a - b);
  return {
    name,
    unit,
    runs: sorted.length,
    p50: rounded(percentile(sorted, 0.5)),
    p99: sorted.length < enoughForP99 ? null : rounded(percentile(sorted, 0.99)),
    max: rounded(percentile(sorted, 1)),
    aim: aim ?? null,
  };
}

/** A single value: a count, a rate, or a ratio of two figures. */
export function single({ name, unit, aim }: Named, value: number): Figure {
  return { name, unit, runs: 1, p50: rounded(value), p99: null, max: null, aim: aim ?? null };
}

/** How many times `a` is `b`. */
export function ratio(name: string, a: Figure, b: Figure): Figure {
  return single({ name, unit: "×" }, a.p50 / b.p50);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function mebibytes(bytes: number): number {
  return bytes / 1_048_576;
}
