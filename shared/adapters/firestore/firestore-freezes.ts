import type { Freeze } from "../../domain/freeze.ts";
import type { Timestamp } from "../../domain/ids.ts";
import type { Freezes } from "../../ports/freezes.ts";
import type { Change, DocumentCells } from "./document-cells.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { packed, unpacked } from "./packed-json.ts";
import { nameField, type Query } from "./query.ts";

const keptForMs = 90 * 86_400_000;

/** Stands for a freeze that nobody has lifted and that no time ends. */
const never = Number.MAX_SAFE_INTEGER;

/** Freezes on Firestore, one document each. */
export class FirestoreFreezes implements Freezes {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;

  constructor({ database, cells }: Readonly<{ database: FirestoreDatabase; cells: DocumentCells }>) {
    this.#database = database;
    this.#cells = cells;
  }

  add(freeze: Freeze): Promise<Freeze> {
    return this.#cells.change({
      path: this.#database.path("freezes", freeze.id),
      doing: "keep a freeze",
      decide: (document): Change<Freeze> =>
        document === null ? write(freeze, freeze.until) : { answer: freezeOf(document), fields: null },
    });
  }

  lift({ id, lifted }: Parameters<Freezes["lift"]>[0]): Promise<Freeze | null> {
    return this.#cells.change<Freeze | null>({
      path: this.#database.path("freezes", id),
      doing: "lift a freeze",
      decide: (document) => {
        const known = document === null ? null : freezeOf(document);
        const isOver = known !== null && known.until !== null && known.until <= lifted.at;
        if (known === null || known.lifted !== null || isOver) return { answer: known, fields: null };
        return write({ ...known, lifted }, lifted.at);
      },
    });
  }

  async open({ at }: Readonly<{ at: Timestamp }>): Promise<readonly Freeze[]> {
    const { documents } = await this.#database.query(openQuery(at), "look for freezes");
    return documents.map(freezeOf).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }

  async newest({ limit }: Readonly<{ limit: number }>): Promise<readonly Freeze[]> {
    const { documents } = await this.#database.query(newestQuery(limit), "list the freezes");
    return documents.map(freezeOf);
  }
}

/** `openUntil` 0 = lifted, at no time open; `endsAt` null = kept until it is lifted. */
function write(freeze: Freeze, endsAt: Timestamp | null): Change<Freeze> {
  const openUntil = freeze.lifted === null ? (freeze.until ?? never) : 0;
  const expireAt = endsAt === null ? null : new Date(endsAt + keptForMs);
  return { answer: freeze, fields: { at: freeze.at, openUntil, expireAt, body: packed(freeze, "A freeze") } };
}

function freezeOf({ fields }: StoredDocument): Freeze {
  return unpacked<Freeze>(fields);
}

function openQuery(at: Timestamp): Query {
  return {
    collection: "freezes",
    where: [["openUntil", ">", at]],
    orderBy: [],
    limit: null,
  };
}

function newestQuery(limit: number): Query {
  return {
    collection: "freezes",
    where: [],
    orderBy: [
      ["at", "desc"],
      [nameField, "desc"],
    ],
    limit,
  };
}
