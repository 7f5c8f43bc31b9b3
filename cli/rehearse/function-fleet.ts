import { type FunctionName, functionNames } from "../../shared/install/google-parts.ts";
import type { FunctionProcess } from "./function-process.ts";

type ByName<T> = Readonly<Record<FunctionName, T>>;

/** All instances of all functions, called in turn: one that stands still gets nothing new, as on Google Cloud one that is busy. */
export class FunctionFleet {
  readonly #sets: readonly ByName<FunctionProcess>[];
  #turn = 0;

  /** One of each function a set; at least one set. */
  constructor(...sets: readonly [ByName<FunctionProcess>, ...ByName<FunctionProcess>[]]) {
    this.#sets = sets;
  }

  get all(): readonly FunctionProcess[] {
    return this.#sets.flatMap((set) => functionNames.map((name) => set[name]));
  }

  /** The instance to call; null = none runs. */
  next(name: FunctionName): FunctionProcess | null {
    const free = this.#sets.map((set) => set[name]).filter(({ isFree }) => isFree);
    this.#turn += 1;
    return free[this.#turn % Math.max(1, free.length)] ?? null;
  }
}
