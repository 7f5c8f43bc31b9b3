import { randomUUID } from "node:crypto";
import { type Fields, textOf } from "./document-fields.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { KeyedLock } from "./keyed-lock.ts";

/** What is to become of a document, and what that means to who asked. `fields` null = nothing is written. */
export type Change<T> = Readonly<{ answer: T; fields: Fields | null; only?: readonly string[] }>;

/** Says who wrote a document last, so that a write without an answer can be known again. */
export const tokenField = "token";

const remembered = 500;

/**
 * Documents that change by reading, deciding and writing on condition that nobody wrote in between: no lock is held at the
 * server, and a decision never runs inside a transaction. What this process read or wrote last is decided on first; an answer
 * that writes nothing is never given from memory.
 */
export class DocumentCells {
  readonly #database: FirestoreDatabase;
  readonly #lock = new KeyedLock();
  readonly #known = new Map<string, StoredDocument>();

  constructor(database: FirestoreDatabase) {
    this.#database = database;
  }

  /** What this process knows of the document, which may be old. */
  known(path: string): StoredDocument | null {
    return this.#known.get(path) ?? null;
  }

  remember(document: StoredDocument): void {
    this.#known.delete(document.path);
    this.#known.set(document.path, document);
    const oldest = this.#known.keys().next();
    if (this.#known.size > remembered && !oldest.done) this.#known.delete(oldest.value);
  }

  forget(path: string): void {
    this.#known.delete(path);
  }

  /** One at a time in this process; others are met by the conditions of the writes. */
  exclusive<T>(path: string, work: () => Promise<T>): Promise<T> {
    return this.#lock.run(path, work);
  }

  change<T>(
    params: Readonly<{ path: string; doing: string; decide: (document: StoredDocument | null) => Change<T> }>,
  ): Promise<T> {
    return this.exclusive(params.path, () => this.#change(params));
  }

  async #change<T>({
    path,
    doing,
    decide,
  }: Readonly<{
    path: string;
    doing: string;
    decide: (document: StoredDocument | null) => Change<T>;
  }>): Promise<T> {
    const tries = this.#database.tries(doing);
    const token = randomUUID();
    let last: Readonly<{ answer: T }> | null = null;
    let known = this.known(path);
    for (;;) {
      const isFresh = known === null;
      const found: StoredDocument | null = known ?? (await this.#read(path, doing));
      if (last !== null && found !== null && textOf(found.fields, tokenField) === token) return last.answer;
      const change = decide(found);
      known = null;
      if (change.fields === null) {
        if (isFresh) return change.answer;
        continue;
      }
      last = change;
      try {
        await this.#write({ path, found, change, token, doing });
        return change.answer;
      } catch (error) {
        this.forget(path);
        await tries.again(error);
      }
    }
  }

  async #read(path: string, doing: string): Promise<StoredDocument | null> {
    const [document = null] = await this.#database.get([path], doing);
    if (document !== null) this.remember(document);
    return document;
  }

  async #write<T>(
    params: Readonly<{
      path: string;
      found: StoredDocument | null;
      change: Change<T>;
      token: string;
      doing: string;
    }>,
  ): Promise<void> {
    const { path, found, change, token, doing } = params;
    const fields = { ...change.fields, [tokenField]: token };
    const { only } = change;
    const when = found === null ? { exists: false } : { updatedAt: found.updatedAt };
    const write = { path, fields, when, ...(only && { only: [...only, tokenField] }) };
    const [at] = await this.#database.commit([write], doing);
    if (at === undefined) return this.forget(path);
    const kept = only && found !== null ? { ...found.fields, ...fields } : fields;
    this.remember({ path, fields: kept, createdAt: found?.createdAt ?? at, updatedAt: at });
  }
}
