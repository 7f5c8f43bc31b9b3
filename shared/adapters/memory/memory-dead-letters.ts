import type { DeadLetters, LaidAside } from "../../ports/dead-letters.ts";

/** Dead letters in this process's memory. */
export function memoryDeadLetters(): DeadLetters {
  const letters = new Map<string, LaidAside>();
  return {
    keep: async (letter) => {
      if (!letters.has(letter.id)) letters.set(letter.id, letter);
    },
    newest: async ({ limit }) =>
      [...letters.values()]
        .toReversed()
        .toSorted((a, b) => b.deadAt - a.deadAt)
        .slice(0, limit),
    get: async (id) => letters.get(id) ?? null,
    replayed: async ({ id, at }) => {
      const letter = letters.get(id);
      if (letter !== undefined) letters.set(id, { ...letter, replayedAt: at });
    },
  };
}
