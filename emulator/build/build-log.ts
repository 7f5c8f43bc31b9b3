import { appendFileSync, mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The logs of builds, one file each, written line by line so that a killed build leaves what it said. */
export class BuildLogs {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Appends text to a build's log, each line under the prefix of its step. */
  say(buildId: string, text: string, prefix = ""): void {
    const lines = text.replace(/\n$/, "").split("\n");
    appendFileSync(this.#path(buildId), lines.map((line) => `${prefix}${line}\n`).join(""));
  }

  /** The log so far; empty for a build that said nothing. */
  read(buildId: string): Promise<string> {
    return readFile(this.#path(buildId), "utf8").catch(() => "");
  }

  #path(buildId: string): string {
    return join(this.#directory, `log-${buildId.replace(/[^\w-]/g, "")}.txt`);
  }
}
