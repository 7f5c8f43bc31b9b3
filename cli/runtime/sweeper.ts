import { topics } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";

/** Overdue work that is on its way by a message is swept no sooner than this. */
const overdueAfterMs = 1_000;

/** Timers overflow beyond 24.8 days, and a clock that was set is noticed. */
const longestSleepMs = 3_600_000;

/**
 * The clock of the embedded engine: wakes when work falls due, as a schedule does in the cloud, and publishes to the
 * sweep. Nothing happens while nothing is owed.
 */
export class Sweeper {
  readonly #deps: Deps;
  #alarm = new AbortController();
  #looking = false;
  #lookAgain = false;
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Something was committed, or time went by: look when the next work falls due. */
  look(): void {
    if (this.#stopped) return;
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    void this.#plan().finally(() => {
      this.#looking = false;
      if (this.#lookAgain) {
        this.#lookAgain = false;
        this.look();
      }
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm.abort();
  }

  async #plan(): Promise<void> {
    const { store, clock, log } = this.#deps;
    try {
      const next = await store.nextDueAt();
      this.#alarm.abort();
      if (next === null) return;
      const waitMs = next - clock.now();
      if (waitMs > longestSleepMs) this.#after(longestSleepMs, () => this.look());
      else this.#after(waitMs > 0 ? waitMs : overdueAfterMs, () => void this.#sweep());
    } catch (error) {
      log.error({ err: String(error) }, "Could not look for due work; trying again");
      this.#after(overdueAfterMs, () => this.look());
    }
  }

  /** One alarm stands at a time; a later one takes its place. */
  #after(ms: number, call: () => void): void {
    this.#alarm.abort();
    if (this.#stopped) return;
    this.#alarm = new AbortController();
    const { signal } = this.#alarm;
    void this.#deps.clock.sleep({ ms, signal }).then(() => {
      if (!signal.aborted) call();
    });
  }

  async #sweep(): Promise<void> {
    const { bus, log } = this.#deps;
    try {
      await bus.publish([{ topic: topics.sweep, id: null, data: {}, attributes: {} }]);
    } catch (error) {
      log.error({ err: String(error) }, "Could not publish a sweep; trying again");
    }
    this.look();
  }
}
