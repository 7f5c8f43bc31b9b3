import type { Timestamp } from "../../domain/ids.ts";

const keptForMs = 600_000;
const mostKept = 10_000;

/** Ids that this process published lately. Another process knows nothing of them: Pub/Sub itself keeps no ids of ours. */
export class PublishedIds {
  readonly #until = new Map<string, Timestamp>();

  has(params: Readonly<{ topic: string; id: string; now: Timestamp }>): boolean {
    return (this.#until.get(keyOf(params)) ?? 0) > params.now;
  }

  add(params: Readonly<{ topic: string; id: string; now: Timestamp }>): void {
    const key = keyOf(params);
    this.#until.delete(key);
    this.#until.set(key, params.now + keptForMs);
    const oldest = this.#until.keys().next();
    if (this.#until.size > mostKept && !oldest.done) this.#until.delete(oldest.value);
  }
}

function keyOf({ topic, id }: Readonly<{ topic: string; id: string }>): string {
  return `${topic} ${id}`;
}
