import { once } from "node:events";
import { createWriteStream } from "node:fs";

/** A log file that lines are appended to; `close` waits until they are written. */
export type FileSink = Readonly<{ write: (line: string) => void; close: () => Promise<void> }>;

/** Rejects when the file cannot be opened. A line that cannot be written later (the disk is full) is lost, and Gantry goes on. */
export async function fileSink(path: string): Promise<FileSink> {
  const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
  await once(stream, "open");
  stream.on("error", () => undefined);
  const close = (): Promise<void> => new Promise((resolve) => stream.end(() => resolve()));
  return { write: (line) => void stream.write(line), close };
}
