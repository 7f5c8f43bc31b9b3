import { topics } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";

/** Overdue work that is on its way by a message is swept no sooner than this. */
const overdueAfterMs = 1_000;

/**
 * The clock of the embedded engine: wakes when work falls due, as a schedule does in the cloud, and publishes to the
 * sweep. Nothing happens while nothing is owed.
 */
export class Sweeper {
  readonly #deps: Deps;
  #timer: NodeJS.Timeout | null = null;
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
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #plan(): Promise<void> {
    const { store, clock, log } = this.#deps;
    try {
      const next = await store.nextDueAt();
      if (this.#timer) clearTimeout(this.#timer);
      if (next === null || this.#stopped) return;
      const waitMs = next - clock.now();
      this.#timer = setTimeout(() => void this.#sweep(), waitMs > 0 ? waitMs : overdueAfterMs);
    } catch (error) {
      log.error({ err: String(error) }, "Could not look for due work; trying again");
      this.#timer = setTimeout(() => this.look(), overdueAfterMs);
    }
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
