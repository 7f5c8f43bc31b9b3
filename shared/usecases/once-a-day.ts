import type { Deps } from "./deps.ts";

const dayMs = 86_400_000;

/**
 * True once a day for each note of this name, over all processes: for what stays so until a person looks, and would be said each
 * time anew. The note holds when it was said last: milliseconds since 1970 UTC.
 */
export async function isFirstToday({ notes, clock }: Pick<Deps, "notes" | "clock">, key: string) {
  const now = clock.now();
  const known = await notes.read(key);
  const last = typeof known?.value === "number" ? known.value : null;
  if (last !== null && now - last < dayMs) return false;
  return notes.write({ key, value: now, expected: known?.version ?? 0 });
}
