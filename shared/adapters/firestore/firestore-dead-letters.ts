import type { Timestamp } from "../../domain/ids.ts";
import type { DeadLetters, LaidAside } from "../../ports/dead-letters.ts";
import type { DocumentCells } from "./document-cells.ts";
import type { Fields } from "./document-fields.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { packed, unpacked } from "./packed-json.ts";
import { nameField, type Query } from "./query.ts";

/** As long as Pub/Sub keeps a message at most, and as long as the embedded engine keeps its own. */
const keptForMs = 30 * 86_400_000;

/** Dead letters on Firestore, one document each. */
export class FirestoreDeadLetters implements DeadLetters {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;

  constructor({ database, cells }: Readonly<{ database: FirestoreDatabase; cells: DocumentCells }>) {
    this.#database = database;
    this.#cells = cells;
  }

  keep(letter: LaidAside): Promise<void> {
    return this.#change(letter.id, "keep a dead letter", (known) => (known === null ? letter : null));
  }

  replayed({ id, at }: Readonly<{ id: string; at: Timestamp }>): Promise<void> {
    return this.#change(id, "note that a dead letter was replayed", (known) =>
      known === null ? null : { ...known, replayedAt: at },
    );
  }

  async newest({ limit }: Readonly<{ limit: number }>): Promise<readonly LaidAside[]> {
    const { documents } = await this.#database.query(newestQuery(limit), "list the dead letters");
    return documents.map(letterOf);
  }

  async get(id: string): Promise<LaidAside | null> {
    const path = this.#database.path("deadLetters", id);
    const [document = null] = await this.#database.get([path], "read a dead letter");
    return document === null ? null : letterOf(document);
  }

  #change(id: string, doing: string, decide: (known: LaidAside | null) => LaidAside | null): Promise<void> {
    return this.#cells.change<undefined>({
      path: this.#database.path("deadLetters", id),
      doing,
      decide: (document) => {
        const letter = decide(document === null ? null : letterOf(document));
        return { answer: undefined, fields: letter === null ? null : fieldsOf(letter) };
      },
    });
  }
}

function fieldsOf(letter: LaidAside): Fields {
  const expireAt = new Date(letter.deadAt + keptForMs);
  return { at: letter.deadAt, expireAt, body: packed(letter, "A dead letter") };
}

function letterOf({ fields }: StoredDocument): LaidAside {
  return unpacked<LaidAside>(fields);
}

function newestQuery(limit: number): Query {
  return {
    collection: "deadLetters",
    where: [],
    orderBy: [
      ["at", "desc"],
      [nameField, "desc"],
    ],
    limit,
  };
}
