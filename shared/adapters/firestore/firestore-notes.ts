import type { Note, Notes } from "../../ports/notes.ts";
import type { DocumentCells } from "./document-cells.ts";
import { numberOf } from "./document-fields.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { packed, unpacked } from "./packed-json.ts";

/** Notes on Firestore, one document each. */
export class FirestoreNotes implements Notes {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;

  constructor({ database, cells }: Readonly<{ database: FirestoreDatabase; cells: DocumentCells }>) {
    this.#database = database;
    this.#cells = cells;
  }

  async read(key: string): Promise<Note | null> {
    const path = this.#database.path("notes", key);
    const [document = null] = await this.#database.get([path], "read a note");
    return document === null
      ? null
      : { value: unpacked<Note["value"]>(document.fields), version: versionOf(document) };
  }

  write({ key, value, expected }: Parameters<Notes["write"]>[0]): Promise<boolean> {
    return this.#cells.change<boolean>({
      path: this.#database.path("notes", key),
      doing: "write a note",
      decide: (document) => {
        if (versionOf(document) !== expected) return { answer: false, fields: null };
        return { answer: true, fields: { version: expected + 1, body: packed(value, "A note") } };
      },
    });
  }
}

/** 0 = nothing was ever written there. */
function versionOf(document: StoredDocument | null): number {
  return document === null ? 0 : (numberOf(document.fields, "version") ?? 0);
}
