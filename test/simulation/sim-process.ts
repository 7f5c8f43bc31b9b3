import type { Clock } from "../../shared/ports/system.ts";
import type { Faults } from "./faults.ts";
import type { Random } from "./random.ts";
import type { SimTime } from "./sim-time.ts";

/** What all parts of the simulated world share. */
export type Surroundings = Readonly<{ time: SimTime; random: Random; faults: Faults }>;

/** Every client gives a call up after this. */
const callTimeoutMs = 20_000;

/** What is still on its way so long after its process was killed is called off with the connection. */
const cutOffMs = 1_000;

/**
 * One process of Gantry's. It runs only when something wakes it: a timer of its own or the answer to a call. Killed, it is
 * never woken again, in the middle of whatever it did; paused, it is woken later, all at once.
 */
export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #world: Surroundings;
  #alive = true;
  #paused = false;
  #killedAt = Number.POSITIVE_INFINITY;
  #missed: (() => void)[] = [];

  constructor(name: string, world: Surroundings) {
    this.name = name;
    this.#world = world;
    this.clock = { now: () => world.time.now(), sleep: (params) => this.#sleep(params) };
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  kill(): void {
    this.#alive = false;
    this.#killedAt = this.#world.time.now();
    this.#missed = [];
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const missed = this.#missed;
    this.#missed = [];
    for (const call of missed) this.#world.time.after(0, () => this.deliver(call));
  }

  /** Wakes the process with something, if it can be woken. */
  deliver(call: () => void): void {
    if (!this.#alive) return;
    if (this.#paused) this.#missed.push(call);
    else call();
  }

  #sleep({ ms, signal }: Readonly<{ ms: number; signal: AbortSignal }>): Promise<void> {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        callOff();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const callOff = this.#world.time.after(ms, () => this.deliver(wake));
      signal.addEventListener("abort", wake);
    });
  }

  /**
   * A call over the network: `effect` happens over there whatever becomes of this process; the answer may come late, or be
   * `lost`, before the effect or after it.
   */
  call<T>(
    params: Readonly<{
      effect: () => T | Promise<T>;
      lost: () => Error;
      fails: number;
      replyLost: number;
      slow: number;
      slowOnlyBack?: boolean;
    }>,
  ): Promise<T> {
    const { time, random } = this.#world;
    const fails = random.chance(params.fails);
    const replyLost = random.chance(params.replyLost);
    const slowMs = random.chance(params.slow) ? random.int(1_000, 40_000) : 0;
    const isSlowThere = !params.slowOnlyBack && random.chance(0.5);
    // gRPC tells the other side the deadline, so that nothing begins over there once the caller has given up.
    const there = random.int(1, 80) + (isSlowThere ? Math.min(slowMs, callTimeoutMs - 1_000) : 0);
    const back = random.int(1, 80) + (isSlowThere ? 0 : slowMs);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(params.lost());
      time.after(Math.min(callTimeoutMs, there + back), () => {
        if (fails || replyLost || there + back > callTimeoutMs) this.deliver(giveUp);
      });
      if (fails) return;
      time.after(there, () => {
        if (time.now() - this.#killedAt > cutOffMs) return;
        void this.#effect(params.effect, (answer) => {
          if (!replyLost && there + back <= callTimeoutMs)
            time.after(back, () => this.deliver(() => answer(resolve, reject)));
        });
      });
    });
  }

  async #effect<T>(
    effect: () => T | Promise<T>,
    done: (answer: (resolve: (value: T) => void, reject: (error: unknown) => void) => void) => void,
  ): Promise<void> {
    try {
      const value = await effect();
      done((resolve) => resolve(value));
    } catch (error) {
      done((_, reject) => reject(error));
    }
  }
}
