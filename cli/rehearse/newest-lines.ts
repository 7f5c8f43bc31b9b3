const kept = 200;

/** Lines of a log, of which only the newest are kept. */
export function newestLines(): Readonly<{ write: (line: string) => void; lines: () => readonly string[] }> {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
    if (lines.length > kept) lines.shift();
  };
  return { write, lines: () => lines };
}
