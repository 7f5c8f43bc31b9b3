import { setTimeout as realSleep } from "node:timers/promises";
import type { Timestamp } from "../../shared/domain/ids.ts";
import type { Clock } from "../../shared/ports/system.ts";

/** A pause that a scenario need not live through; a longer one, such as that between two renewals of a claim, is real. */
const longestLeapMs = 2_000;

/** A clock that a scenario sets: whoever waits for a moment is woken at once, at the time for which they waited. */
export class VirtualClock implements Clock {
  #now: Timestamp;

  constructor(now: Timestamp) {
    this.#now = now;
  }

  now(): Timestamp {
    return this.#now;
  }

  /** Moves on to a later moment; an earlier one is passed already. */
  moveTo(moment: Timestamp): void {
    this.#now = Math.max(this.#now, moment);
  }

  async sleep({ ms, signal }: Readonly<{ ms: number; signal: AbortSignal }>): Promise<void> {
    if (ms > longestLeapMs) await realSleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
    else this.moveTo(this.#now + ms);
  }
}
