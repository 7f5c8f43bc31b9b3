import type { Figure } from "./figures.ts";

/** What one benchmark is given: a folder of its own on the disk under test, which is removed afterwards. */
export type Bench = Readonly<{ directory: string; note: (line: string) => void }>;

/** One benchmark. It runs in a process of its own, so that memory and caches are its own too. */
export type Benchmark = Readonly<{
  about: string;
  /** It is stopped, with everything it started, when it takes longer. */
  limitMs: number;
  run: (bench: Bench) => Promise<readonly Figure[]>;
}>;
