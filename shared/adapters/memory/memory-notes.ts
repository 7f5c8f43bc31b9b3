import type { Note, Notes } from "../../ports/notes.ts";

/** Notes without a file: every guarantee of the port but durability. */
export class MemoryNotes implements Notes {
  readonly #kept = new Map<string, Note>();

  async read(key: string): Promise<Note | null> {
    return structuredClone(this.#kept.get(key) ?? null);
  }

  async write({ key, value, expected }: Parameters<Notes["write"]>[0]): Promise<boolean> {
    if ((this.#kept.get(key)?.version ?? 0) !== expected) return false;
    this.#kept.set(key, { value: structuredClone(value), version: expected + 1 });
    return true;
  }
}
