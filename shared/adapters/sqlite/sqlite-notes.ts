import type { Note, Notes } from "../../ports/notes.ts";
import type { Database, Statement } from "./database.ts";
import type { GroupCommit } from "./group-commit.ts";

/** The statements on notes; none of them may scan the table. */
export const noteSql = {
  read: "SELECT version, body FROM notes WHERE key = ?",
  add: "INSERT OR IGNORE INTO notes (key, version, body) VALUES (?, 1, ?)",
  change: "UPDATE notes SET version = version + 1, body = ?3 WHERE key = ?1 AND version = ?2",
} as const;

type Row = Readonly<{ version: number; body: string }>;

/** Notes on the file of the store. Acknowledged = on the disk. */
export class SqliteNotes implements Notes {
  readonly #writer: GroupCommit;
  readonly #read: Statement<Row>;
  readonly #add: Statement<never>;
  readonly #change: Statement<never>;

  constructor({ database, writer }: Readonly<{ database: Database; writer: GroupCommit }>) {
    this.#writer = writer;
    this.#read = database.prepare(noteSql.read);
    this.#add = database.prepare(noteSql.add);
    this.#change = database.prepare(noteSql.change);
  }

  async read(key: string): Promise<Note | null> {
    const row = this.#read.one(key);
    return row === null ? null : { value: JSON.parse(row.body), version: row.version };
  }

  write({ key, value, expected }: Parameters<Notes["write"]>[0]): Promise<boolean> {
    const body = JSON.stringify(value);
    const work = (): boolean =>
      (expected === 0 ? this.#add.run(key, body) : this.#change.run(key, expected, body)) > 0;
    return this.#writer.run({ durable: true, work });
  }
}
