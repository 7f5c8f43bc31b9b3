import type { Database } from "./database.ts";

type Operation = Readonly<{
  durable: boolean;
  perform: () => () => void; // does the writes; answers what to call once they are committed
  reject: (error: unknown) => void;
}>;

const largestGroup = 64; // keeps one transaction to a few milliseconds, so that the process goes on answering

/**
 * The only writer of a connection. Operations that were asked for in one turn of the event loop share a transaction
 * and its one fsync; each has a savepoint, so that one which throws takes nothing of its neighbours with it.
 */
export class GroupCommit {
  readonly #database: Database;
  #pending: Operation[] = [];
  #scheduled = false;
  #synchronous = "";

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Runs `work` in a transaction and resolves with its result once that is committed. `durable`: on the disk, so that a
   * power cut does not take it back. Without it a killed process loses nothing either, a power cut the last moment.
   */
  run<T>(params: Readonly<{ durable: boolean; work: () => T }>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const perform = (): (() => void) => {
        const result = params.work();
        return () => resolve(result);
      };
      this.#database.assertOpen();
      this.#pending.push({ durable: params.durable, perform, reject });
      this.#schedule();
    });
  }

  /** Commits what was asked for and closes the connection; everything after is refused. */
  close(): void {
    while (this.#pending.length > 0) this.#flush();
    this.#database.close();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
      if (this.#pending.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const group = this.#pending.splice(0, largestGroup);
    if (group.length === 0) return;
    try {
      this.#setSynchronous(group.some((operation) => operation.durable) ? "FULL" : "NORMAL");
      this.#database.exec("BEGIN IMMEDIATE");
      const settlements = group.map((operation) => this.#attempt(operation));
      this.#database.exec("COMMIT");
      for (const settle of settlements) settle();
    } catch (error) {
      this.#rollBack();
      for (const operation of group) operation.reject(error);
    }
  }

  #attempt(operation: Operation): () => void {
    this.#database.exec("SAVEPOINT operation");
    try {
      const settle = operation.perform();
      this.#database.exec("RELEASE operation");
      return settle;
    } catch (error) {
      // A full disk may have ended the whole transaction: sqlite.org/lang_transaction.html, "Response To Errors".
      if (!this.#database.inTransaction) throw error;
      this.#database.exec("ROLLBACK TO operation; RELEASE operation");
      return () => operation.reject(error);
    }
  }

  #rollBack(): void {
    try {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
    } catch {
      // The error that led here is the one to tell.
    }
  }

  #setSynchronous(level: "FULL" | "NORMAL"): void {
    if (this.#synchronous === level) return;
    this.#database.exec(`PRAGMA synchronous = ${level}`);
    this.#synchronous = level;
  }
}
