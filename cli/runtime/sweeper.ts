import type { Timestamp } from "../../shared/domain/ids.ts";
import { topics } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { nextTagLookAt } from "../../shared/usecases/find-tags.ts";

/** Overdue work that is on its way by a message is swept no sooner than this. */
const overdueAfterMs = 1_000;

/** Timers overflow beyond 24.8 days, and a clock that was set is noticed. */
const longestSleepMs = 3_600_000;

function earlier(left: Timestamp | null, right: Timestamp | null): Timestamp | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}

/**
 * The clock of the embedded engine: wakes when work falls due, as a schedule does in the cloud, and publishes to the
 * sweep. Nothing happens while nothing is owed.
 */
export class Sweeper {
  readonly #deps: Deps;
  #alarm = new AbortController();
  #sweepsAt: Timestamp | null = null;
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
    const { clock, log } = this.#deps;
    try {
      const next = await this.#nextDueAt();
      const now = clock.now();
      const at = next === null || next > now ? next : this.#soon(now);
      if (at !== null && at === this.#sweepsAt) return;
      this.#silence();
      if (at === null) return;
      if (at - now > longestSleepMs) {
        this.#after(longestSleepMs, () => this.look());
        return;
      }
      this.#after(at - now, () => void this.#sweep());
      this.#sweepsAt = at;
    } catch (error) {
      log.error({ err: String(error) }, "Could not look for due work; trying again");
      this.#after(overdueAfterMs, () => this.look());
    }
  }

  async #nextDueAt(): Promise<Timestamp | null> {
    const { store, chat, forge, conversations } = this.#deps;
    const isSilent = chat === null && forge === null;
    const unsaid = isSilent ? null : await conversations.nextDueAt();
    return [await store.nextDueAt(), unsaid, await nextTagLookAt(this.#deps)].reduce(earlier, null);
  }

  /** Commits elsewhere never put off the sweep that overdue work waits for: under load there is always one more. */
  #soon(now: Timestamp): Timestamp {
    return Math.min(this.#sweepsAt ?? now + overdueAfterMs, now + overdueAfterMs);
  }

  #silence(): void {
    this.#alarm.abort();
    this.#sweepsAt = null;
  }

  /** One alarm stands at a time; a later one takes its place. */
  #after(ms: number, call: () => void): void {
    this.#silence();
    if (this.#stopped) return;
    this.#alarm = new AbortController();
    const { signal } = this.#alarm;
    void this.#deps.clock.sleep({ ms, signal }).then(() => {
      if (!signal.aborted) call();
    });
  }

  async #sweep(): Promise<void> {
    const { bus, log } = this.#deps;
    this.#sweepsAt = null;
    try {
      await bus.publish([{ topic: topics.sweep, id: null, data: {}, attributes: {} }]);
    } catch (error) {
      log.error({ err: String(error) }, "Could not publish a sweep; trying again");
    }
    this.look();
  }
}
