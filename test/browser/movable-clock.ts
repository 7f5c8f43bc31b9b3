import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { Clock } from "../../shared/ports/system.ts";

type Sleeper = Readonly<{ until: number; turn: AbortController }>;

/** The machine's clock, which a test may put forward: whoever sleeps past that time wakes. */
export class MovableClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #ahead = 0;

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  async sleep({ ms, signal }: Parameters<Clock["sleep"]>[0]): Promise<void> {
    const sleeper = { until: this.now() + ms, turn: new AbortController() };
    this.#sleepers.add(sleeper);
    await systemClock.sleep({ ms, signal: AbortSignal.any([signal, sleeper.turn.signal]) });
    this.#sleepers.delete(sleeper);
  }

  putForward(ms: number): void {
    this.#ahead += ms;
    for (const { until, turn } of this.#sleepers) if (until <= this.now()) turn.abort();
  }
}
