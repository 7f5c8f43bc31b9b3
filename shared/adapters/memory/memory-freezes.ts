import type { Freeze, Lifted } from "../../domain/freeze.ts";
import type { Timestamp } from "../../domain/ids.ts";
import type { Freezes } from "../../ports/freezes.ts";

/** Freezes without a file: every guarantee of the port but durability. */
export class MemoryFreezes implements Freezes {
  readonly #kept = new Map<string, Freeze>();

  async add(freeze: Freeze): Promise<Freeze> {
    const kept = this.#kept.get(freeze.id) ?? structuredClone(freeze);
    this.#kept.set(freeze.id, kept);
    return structuredClone(kept);
  }

  async lift({ id, lifted }: Readonly<{ id: string; lifted: Lifted }>): Promise<Freeze | null> {
    const known = this.#kept.get(id);
    if (known === undefined) return null;
    const isOpen = known.lifted === null && (known.until === null || known.until > lifted.at);
    const now = isOpen ? { ...known, lifted: structuredClone(lifted) } : known;
    this.#kept.set(id, now);
    return structuredClone(now);
  }

  async open({ at }: Readonly<{ at: Timestamp }>): Promise<readonly Freeze[]> {
    const isOpen = ({ lifted, until }: Freeze): boolean => lifted === null && (until === null || until > at);
    return structuredClone(this.#inOrder().filter(isOpen));
  }

  async newest({ limit }: Readonly<{ limit: number }>): Promise<readonly Freeze[]> {
    return structuredClone(this.#inOrder().reverse().slice(0, limit));
  }

  /** Forgets those that were lifted, or over, before this time. */
  prune({ frozenBefore }: Readonly<{ frozenBefore: Timestamp }>): void {
    for (const [id, { lifted, until }] of this.#kept) {
      const ended = lifted?.at ?? until;
      if (ended !== null && ended < frozenBefore) this.#kept.delete(id);
    }
  }

  #inOrder(): Freeze[] {
    return [...this.#kept.values()].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }
}
