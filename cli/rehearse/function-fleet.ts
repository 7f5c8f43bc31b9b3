import { type FunctionName, functionNames } from "../../shared/install/google-parts.ts";
import type { FunctionProcess } from "./function-process.ts";

type ByName<T> = Readonly<Record<FunctionName, T>>;

/**
 * All instances of all functions. A call goes to the one with the fewest under way, in turn where that is the same; one that stands
 * still gets nothing new, as on Google Cloud one that is busy.
 */
export class FunctionFleet {
  readonly #sets: readonly ByName<FunctionProcess>[];
  readonly #underWay = new Map<FunctionProcess, number>();
  #turn = 0;

  /** One of each function a set; at least one set. */
  constructor(...sets: readonly [ByName<FunctionProcess>, ...ByName<FunctionProcess>[]]) {
    this.#sets = sets;
  }

  get all(): readonly FunctionProcess[] {
    return this.#sets.flatMap((set) => functionNames.map((name) => set[name]));
  }

  /** The instance to call, until `answered`; null = none runs. */
  call(name: FunctionName): Readonly<{ instance: FunctionProcess; answered: () => void }> | null {
    const free = this.#sets.map((set) => set[name]).filter(({ isFree }) => isFree);
    const fewest = Math.min(...free.map((one) => this.#callsOf(one)));
    const idlest = free.filter((one) => this.#callsOf(one) === fewest);
    this.#turn += 1;
    const instance = idlest[this.#turn % Math.max(1, idlest.length)];
    if (instance === undefined) return null;
    this.#underWay.set(instance, fewest + 1);
    return { instance, answered: () => this.#underWay.set(instance, this.#callsOf(instance) - 1) };
  }

  #callsOf(instance: FunctionProcess): number {
    return this.#underWay.get(instance) ?? 0;
  }
}
