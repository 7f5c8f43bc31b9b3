/** The newest entries, oldest first, never more than the capacity. */
export class Ring<Entry> {
  readonly #capacity: number;
  #entries: Entry[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= this.#capacity * 2) this.#entries = this.#entries.slice(-this.#capacity);
  }

  entries(): readonly Entry[] {
    return this.#entries.slice(-this.#capacity);
  }
}
