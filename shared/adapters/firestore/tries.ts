import { AppError } from "../../ports/app-error.ts";
import type { Clock } from "../../ports/system.ts";
import { type FirestoreFailure, firestoreFailureOf, storeUnavailable } from "./firestore-failure.ts";

/** How long one call, and one operation with all its tries, may take. */
export type Deadlines = Readonly<{ callMs: number; totalMs: number }>;

/** Others may write the same document between reading and writing it so often. */
const mostConflicts = 25;
const backoffMs = { first: 50, most: 3_000 };

/** The tries of one operation: how often, how far apart, and when it is enough. */
export class Tries {
  readonly #clock: Clock;
  readonly #doing: string;
  readonly #endsAt: number;
  #failed = 0;
  #conflicts = 0;

  constructor({ clock, doing, totalMs }: Readonly<{ clock: Clock; doing: string; totalMs: number }>) {
    this.#clock = clock;
    this.#doing = doing;
    this.#endsAt = clock.now() + totalMs;
  }

  /**
   * Waits before the next try and says why the last one failed. @throws AppError when the failure leads nowhere or the time
   * is up.
   */
  async again(error: unknown): Promise<FirestoreFailure> {
    const failure = firestoreFailureOf(error);
    if (failure.kind === "denied" || failure.kind === "refused") throw this.#given(failure, error);
    if (failure.kind === "unknown" || failure.kind === "aborted") await this.#backOff(failure, error);
    else await this.#conflict(error);
    return failure;
  }

  async #backOff(failure: FirestoreFailure, error: unknown): Promise<void> {
    const ms = Math.min(backoffMs.most, backoffMs.first * 2 ** this.#failed) * (0.5 + Math.random());
    this.#failed += 1;
    if (this.#clock.now() + ms >= this.#endsAt) throw this.#given(failure, error);
    await this.#clock.sleep({ ms, signal: new AbortController().signal });
  }

  async #conflict(cause: unknown): Promise<void> {
    this.#conflicts += 1;
    if (this.#conflicts > 1)
      await this.#clock.sleep({
        ms: Math.random() * 20 * this.#conflicts,
        signal: new AbortController().signal,
      });
    if (this.#conflicts <= mostConflicts) return;
    throw new AppError({
      code: "store-contended",
      transient: true,
      message: `Firestore: could not ${this.#doing}: others wrote the same document between every one of ${mostConflicts} reads and writes. Traffic stays as it is; the same is tried again.`,
      cause,
    });
  }

  #given(failure: FirestoreFailure, cause: unknown): AppError {
    return storeUnavailable({ doing: this.#doing, failure, cause });
  }
}
