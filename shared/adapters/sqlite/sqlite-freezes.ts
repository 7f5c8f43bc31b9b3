import type { Freeze, Lifted } from "../../domain/freeze.ts";
import type { Timestamp } from "../../domain/ids.ts";
import type { Freezes } from "../../ports/freezes.ts";
import type { Database, Statement } from "./database.ts";
import type { GroupCommit } from "./group-commit.ts";

/** The statements on freezes; none of them may scan the table. */
export const freezeSql = {
  add: "INSERT OR IGNORE INTO freezes (id, at, open_until, ended_at, body) VALUES (?1, ?2, ?3, ?3, ?4)",
  get: "SELECT body FROM freezes WHERE id = ?",
  lift: "UPDATE freezes SET open_until = 0, ended_at = ?2, body = ?3 WHERE id = ?1",
  open: "SELECT body FROM freezes WHERE open_until > ?",
  newest: "SELECT body FROM freezes ORDER BY at DESC, id DESC LIMIT ?",
  forget: "DELETE FROM freezes WHERE ended_at < ?",
} as const;

type Body = Readonly<{ body: string }>;

/** Stands for a freeze that nobody has lifted and that no time ends. */
const never = Number.MAX_SAFE_INTEGER;

/** Freezes on the file of the store. Acknowledged = on the disk. */
export class SqliteFreezes implements Freezes {
  readonly #writer: GroupCommit;
  readonly #add: Statement<never>;
  readonly #get: Statement<Body>;
  readonly #lift: Statement<never>;
  readonly #open: Statement<Body>;
  readonly #newest: Statement<Body>;
  readonly #forget: Statement<never>;

  constructor({ database, writer }: Readonly<{ database: Database; writer: GroupCommit }>) {
    this.#writer = writer;
    this.#add = database.prepare(freezeSql.add);
    this.#get = database.prepare(freezeSql.get);
    this.#lift = database.prepare(freezeSql.lift);
    this.#open = database.prepare(freezeSql.open);
    this.#newest = database.prepare(freezeSql.newest);
    this.#forget = database.prepare(freezeSql.forget);
  }

  add(freeze: Freeze): Promise<Freeze> {
    const { id, at, until } = freeze;
    const body = JSON.stringify(freeze);
    const work = (): Freeze => {
      this.#add.run(id, at, until ?? never, body);
      return this.#kept(id) ?? freeze;
    };
    return this.#writer.run({ durable: true, work });
  }

  lift({ id, lifted }: Readonly<{ id: string; lifted: Lifted }>): Promise<Freeze | null> {
    const work = (): Freeze | null => {
      const known = this.#kept(id);
      if (known === null || known.lifted !== null) return known;
      if (known.until !== null && known.until <= lifted.at) return known;
      const now = { ...known, lifted };
      this.#lift.run(id, lifted.at, JSON.stringify(now));
      return now;
    };
    return this.#writer.run({ durable: true, work });
  }

  async open({ at }: Readonly<{ at: Timestamp }>): Promise<readonly Freeze[]> {
    const open = this.#open.all(at).map(read);
    return open.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }

  async newest({ limit }: Readonly<{ limit: number }>): Promise<readonly Freeze[]> {
    return this.#newest.all(limit).map(read);
  }

  /** Forgets those that were lifted, or over, before this time, inside the caller's transaction. */
  prune({ frozenBefore }: Readonly<{ frozenBefore: Timestamp }>): void {
    this.#forget.run(frozenBefore);
  }

  #kept(id: string): Freeze | null {
    const row = this.#get.one(id);
    return row === null ? null : read(row);
  }
}

function read({ body }: Body): Freeze {
  return JSON.parse(body);
}
