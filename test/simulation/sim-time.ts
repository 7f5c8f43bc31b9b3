import type { Timestamp } from "../../shared/domain/ids.ts";

type Timer = { readonly at: Timestamp; readonly order: number; call: (() => void) | null };

/** The one time of the simulated world: it jumps from one thing that happens to the next. */
export class SimTime {
  #now: Timestamp;
  #order = 0;
  readonly #heap: Timer[] = [];
  happened = 0;

  constructor(now: Timestamp) {
    this.#now = now;
  }

  now(): Timestamp {
    return this.#now;
  }

  /** Calls after `ms`, a part of one counting as whole; the answer calls it off. */
  after(ms: number, call: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order++, call };
    this.#push(timer);
    return () => {
      timer.call = null;
    };
  }

  /** Lets everything happen up to a moment, and calls `afterEach` when all that followed from one thing has run. */
  async run(until: Timestamp, afterEach: () => Promise<void>): Promise<void> {
    for (let timer = this.#heap[0]; timer && timer.at <= until; timer = this.#heap[0]) {
      this.#pop();
      if (timer.call === null) continue;
      this.#now = timer.at;
      this.happened += 1;
      timer.call();
      await settled();
      await afterEach();
    }
    this.#now = until;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    heap.push(timer);
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      let least = parent;
      if (left < heap.length && this.#isBefore(left, least)) least = left;
      if (left + 1 < heap.length && this.#isBefore(left + 1, least)) least = left + 1;
      if (least === parent) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(left: number, right: number): void {
    const heap = this.#heap;
    const a = heap[left];
    const b = heap[right];
    if (a === undefined || b === undefined) return;
    heap[left] = b;
    heap[right] = a;
  }
}

/** Everything that waits for nothing but its turn has run: promises are settled before the next turn of the loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
