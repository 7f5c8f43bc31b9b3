import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Message } from "./message-log.ts";

type Line = Readonly<{ put: Message } | { removed: Readonly<{ channel: string; ts: string }> }>;

/**
 * Keeps messages over a restart: one JSON line a change, on disk before the API answers, so that a client never knows of a
 * message that a kill has undone.
 */
export class MessageJournal {
  readonly #path: string | null;

  /** @param directory null keeps nothing. */
  constructor(directory: string | null) {
    this.#path = directory === null ? null : join(directory, "slack-messages.jsonl");
    if (directory !== null) mkdirSync(directory, { recursive: true });
  }

  /** The messages as they were left, oldest first; what was superseded is dropped from the file. */
  load(): readonly Message[] {
    if (this.#path === null) return [];
    const messages = new Map<string, Message>();
    for (const line of readLines(this.#path)) {
      if ("put" in line) messages.set(`${line.put.channel} ${line.put.ts}`, line.put);
      else messages.delete(`${line.removed.channel} ${line.removed.ts}`);
    }
    const kept = [...messages.values()];
    const temporary = `${this.#path}.new`;
    writeFileSync(temporary, kept.map((message) => `${JSON.stringify({ put: message })}\n`).join(""));
    renameSync(temporary, this.#path);
    return kept;
  }

  put(message: Message): void {
    this.#append({ put: message });
  }

  removed(channel: string, ts: string): void {
    this.#append({ removed: { channel, ts } });
  }

  #append(line: Line): void {
    if (this.#path !== null) appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

/** A last line that a kill cut off was never told of and is left out. */
function readLines(path: string): readonly Line[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => JSON.parse(line));
}
