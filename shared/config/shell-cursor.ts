/** A place in a file, both 1-based. */
export type ShellPlace = Readonly<{ line: number; column: number }>;

/** Reads a text from its beginning to its end and knows at which line and column it is. */
export type ShellCursor = Readonly<{
  place: () => ShellPlace;
  isAtEnd: () => boolean;
  match: (pattern: RegExp) => string | null; // a sticky pattern (flag `y`), here; null = it does not stand here
  take: (length: number) => string;
  rest: () => string;
}>;

/** `start` is where the text begins in its file; each further line begins at `margin`. */
export function shellCursor(text: string, start: ShellPlace, margin: number): ShellCursor {
  let at = 0;
  let { line, column } = start;
  return {
    place: () => ({ line, column }),
    isAtEnd: () => at >= text.length,
    match: (pattern) => {
      pattern.lastIndex = at;
      return pattern.exec(text)?.[0] ?? null;
    },
    take: (length) => {
      const taken = text.slice(at, at + length);
      at += taken.length;
      const lines = taken.split("\n");
      const last = lines.at(-1) ?? "";
      column = lines.length > 1 ? margin + last.length : column + last.length;
      line += lines.length - 1;
      return taken;
    },
    rest: () => text.slice(at),
  };
}
