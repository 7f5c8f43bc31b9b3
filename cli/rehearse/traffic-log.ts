import type { ServiceKey } from "../../shared/domain/ids.ts";
import { isSameSplit, type Split, splitOf } from "../../shared/domain/traffic.ts";
import type { RunPort, ServiceSnapshot } from "../../shared/ports/run.ts";

/** What requests met from this time on, by Cloud Run's own word. */
export type TrafficEntry = Readonly<{ at: number; split: Split }>;

const everyMs = 50;
const closelyEveryMs = 10;

/** What requests meet, by a snapshot. */
export function effectiveOf({ effective, latestReadyRevision }: ServiceSnapshot): Split {
  return splitOf({ shares: effective, latest: latestReadyRevision });
}

/** Looks at the effective traffic all the time, with a client of its own, and notes each change. */
export class TrafficLog {
  readonly #entries: TrafficEntry[] = [];
  readonly #run: RunPort;
  readonly #service: ServiceKey;
  #everyMs = everyMs;
  #stopped = false;
  #looking: Promise<void> | null = null;

  constructor(run: RunPort, service: ServiceKey) {
    this.#run = run;
    this.#service = service;
  }

  get entries(): readonly TrafficEntry[] {
    return this.#entries;
  }

  start(): void {
    this.#looking ??= this.#look();
  }

  /** From now on at shorter intervals: something is about to be measured. */
  lookClosely(): void {
    this.#everyMs = closelyEveryMs;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      await this.#note().catch(() => undefined); // a fault of the cloud's may be on
      await new Promise((resolve) => setTimeout(resolve, this.#everyMs));
    }
  }

  async #note(): Promise<void> {
    const snapshot = await this.#run.readService(this.#service);
    if (snapshot === null) return;
    const split = effectiveOf(snapshot);
    const last = this.#entries.at(-1);
    if (last === undefined || !isSameSplit(last.split, split)) this.#entries.push({ at: Date.now(), split });
  }
}
