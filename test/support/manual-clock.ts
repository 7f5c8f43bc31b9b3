import type { Timestamp } from "../../shared/domain/ids.ts";
import type { Clock } from "../../shared/ports/system.ts";

type Sleeper = { readonly at: Timestamp; readonly wake: () => void };

/** A clock that stands still until a test moves it; sleepers wake in the order of their times. */
export class ManualClock implements Clock {
  #now: Timestamp;
  #sleepers: Sleeper[] = [];

  constructor(now: Timestamp = Date.UTC(2026, 0, 5, 9)) {
    this.#now = now;
  }

  now(): Timestamp {
    return this.#now;
  }

  sleep({ ms, signal }: Readonly<{ ms: number; signal: AbortSignal }>): Promise<void> {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", calledOff);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + ms, wake };
      const calledOff = (): void => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        wake();
      };
      this.#sleepers.push(sleeper);
      signal.addEventListener("abort", calledOff);
    });
  }

  /** How many sleep now, and so what an idle system costs. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves the time on, waking whoever was due in between, and lets them run. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #nextBefore(end: Timestamp): Sleeper | undefined {
    return this.#sleepers.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
