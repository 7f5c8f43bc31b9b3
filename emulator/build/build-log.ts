import { appendFileSync, mkdirSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** The logs of builds, one file each, written line by line so that a killed build leaves what it said. */
export class BuildLogs {
  readonly #directory: string;
  /** When each line of a build's log was written, as far as this process wrote it. */
  readonly #times = new Map<string, number[]>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Appends text to a build's log, each line under the prefix of its step. */
  say(buildId: string, text: string, prefix = ""): void {
    const lines = text.replace(/\n$/, "").split("\n");
    const times = this.#times.get(buildId) ?? [];
    times.push(...lines.map(() => Date.now()));
    this.#times.set(buildId, times);
    appendFileSync(this.#path(buildId), lines.map((line) => `${prefix}${line}\n`).join(""));
  }

  /** The log so far; empty for a build that said nothing. */
  read(buildId: string): Promise<string> {
    return readFile(this.#path(buildId), "utf8").catch(() => "");
  }

  /** The lines so far with their times; of those that an earlier process wrote, the time of the last write is known. */
  async lines(buildId: string): Promise<readonly Readonly<{ at: number; text: string }>[]> {
    const text = await this.read(buildId);
    if (text === "") return [];
    const lines = text.replace(/\n$/, "").split("\n");
    const times = this.#times.get(buildId) ?? [];
    const { mtimeMs } = await stat(this.#path(buildId));
    const unknown = lines.length - times.length;
    return lines.map((line, index) => ({ at: times[index - unknown] ?? mtimeMs, text: line }));
  }

  #path(buildId: string): string {
    return join(this.#directory, `log-${buildId.replace(/[^\w-]/g, "")}.txt`);
  }
}
