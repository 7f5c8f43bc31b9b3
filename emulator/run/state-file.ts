import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceState } from "./control/service-records.ts";
import type { OperationRecord } from "./operation-log.ts";

const FILE_NAME = "cloud-run.json";
const VERSION = 1;

/** Everything of the local Cloud Run that outlives a restart. Policies and logs do not. */
export type SavedState = Readonly<{
  version: typeof VERSION;
  services: readonly ServiceState[];
  operations: readonly OperationRecord[];
  ports: Readonly<Record<string, number>>;
}>;

const EMPTY: SavedState = { version: VERSION, services: [], operations: [], ports: {} };

/**
 * Keeps the state in one JSON file, replaced as a whole by a rename. A change is on disk before the event loop turns again, so
 * that a kill loses at most the write that nobody was told of.
 */
export class StateFile {
  readonly #path: string | null;
  #pending: NodeJS.Immediate | null = null;
  #current: (() => SavedState) | null = null;

  /** @param directory null keeps nothing. */
  constructor(directory: string | null) {
    this.#path = directory === null ? null : join(directory, FILE_NAME);
    if (directory !== null) mkdirSync(directory, { recursive: true });
  }

  /** @throws Error when there is a file of another version. */
  load(): SavedState {
    if (this.#path === null) return EMPTY;
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch {
      return EMPTY;
    }
    const saved: SavedState = JSON.parse(text);
    if (saved.version === VERSION) return saved;
    throw new Error(`${this.#path} is of another version (${saved.version}); remove it to begin anew`);
  }

  /** Saves what `current` returns, once for all changes of this turn of the event loop. */
  save(current: () => SavedState): void {
    this.#current = current;
    if (this.#path === null || this.#pending !== null) return;
    this.#pending = setImmediate(() => this.flush());
  }

  /** Writes now what is still to be written. */
  flush(): void {
    if (this.#pending !== null) clearImmediate(this.#pending);
    this.#pending = null;
    if (this.#path === null || this.#current === null) return;
    const temporary = `${this.#path}.new`;
    writeFileSync(temporary, JSON.stringify(this.#current()));
    renameSync(temporary, this.#path);
    this.#current = null;
  }
}
