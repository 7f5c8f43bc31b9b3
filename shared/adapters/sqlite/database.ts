import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Libsql from "libsql";
import { AppError } from "../../ports/app-error.ts";
import { storeUnavailable } from "./store-error.ts";

type Value = string | number | null;

/** A prepared statement; rows come out as the query names them. */
export class Statement<Row> {
  readonly #database: Database;
  readonly #prepared: ReturnType<Libsql.Database["prepare"]>;

  constructor(params: Readonly<{ database: Database; prepared: ReturnType<Libsql.Database["prepare"]> }>) {
    this.#database = params.database;
    this.#prepared = params.prepared;
  }

  /** Steps to the end, so that no read stays open and holds the log back (libsql's `get` stops at the first row). */
  all(...values: readonly Value[]): readonly Row[] {
    try {
      this.#database.assertOpen();
      return this.#prepared.all(values) as Row[];
    } catch (error) {
      throw storeUnavailable({ file: this.#database.file, error });
    }
  }

  one(...values: readonly Value[]): Row | null {
    return this.all(...values)[0] ?? null;
  }

  /** How many rows it changed. */
  run(...values: readonly Value[]): number {
    try {
      this.#database.assertOpen();
      return this.#prepared.run(values).changes;
    } catch (error) {
      throw storeUnavailable({ file: this.#database.file, error });
    }
  }
}

/** One connection to one file. Every error is an `AppError` that names the file. */
export class Database {
  readonly file: string;
  readonly #connection: Libsql.Database;

  /** Creates the file (and its folder) for its owner alone when it is not there. */
  constructor(params: Readonly<{ file: string; busyTimeoutMs: number }>) {
    this.file = params.file;
    try {
      createPrivately(params.file);
      this.#connection = new Libsql(params.file, { timeout: params.busyTimeoutMs });
    } catch (error) {
      throw storeUnavailable({ file: params.file, error });
    }
  }

  get inTransaction(): boolean {
    return this.#connection.inTransaction;
  }

  exec(sql: string): void {
    try {
      this.#connection.exec(sql);
    } catch (error) {
      throw storeUnavailable({ file: this.file, error });
    }
  }

  prepare<Row = never>(sql: string): Statement<Row> {
    try {
      return new Statement({ database: this, prepared: this.#connection.prepare(sql) });
    } catch (error) {
      throw storeUnavailable({ file: this.file, error });
    }
  }

  /** libsql runs prepared statements after `close` too: on a file that may be another process's by then. */
  assertOpen(): void {
    if (!this.#connection.open)
      throw new AppError({
        code: "store-unavailable",
        message: `${this.file} is closed`,
        transient: false,
        context: { file: this.file },
      });
  }

  close(): void {
    if (this.#connection.open) this.#connection.close();
  }
}

/**
 * Never opens a file that exists: closing any descriptor of it would drop the locks that this process holds on it
 * (POSIX advisory locks; sqlite.org/howtocorrupt.html, 2.2).
 */
function createPrivately(file: string): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, "wx", 0o600));
}
