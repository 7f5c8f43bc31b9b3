import type { ServiceKey, Timestamp } from "../../domain/ids.ts";
import type { OwedWork, Store } from "../../ports/store.ts";
import type { DocumentCells } from "./document-cells.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import type { Outbox } from "./outbox.ts";
import {
  byDueTime,
  claimed,
  isDue,
  type ListChange,
  type OwedList,
  readyAt,
  released,
  renewed,
} from "./owed-list.ts";
import type { Query } from "./query.ts";
import { fieldsOfHead, headFields, headOf, keyOf, small, smallFields } from "./service-head.ts";

const remembered = 5_000;

/**
 * Owed work and its claims, in the document of the service that owes it: a lane is a question to one document, and a commit
 * that drops work drops its claim in the same write.
 */
export class FirestoreWork {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;
  readonly #outbox: Outbox;
  readonly #serviceOf = new Map<string, string>(); // path of the service's document, by id of the work

  constructor(params: Readonly<{ database: FirestoreDatabase; cells: DocumentCells; outbox: Outbox }>) {
    this.#database = params.database;
    this.#cells = params.cells;
    this.#outbox = params.outbox;
  }

  /** Remembers whose the work is, so that a claim need not ask. */
  learn(document: StoredDocument): void {
    if (this.#serviceOf.size > remembered) this.#serviceOf.clear();
    for (const { id } of headOf(document.fields).owed) this.#serviceOf.set(id, document.path);
  }

  /**
   * Oldest due first among the services whose work became free first; as many services are asked as pieces are wanted, so
   * every piece comes up in its turn.
   */
  async due({ now, limit }: Readonly<{ now: Timestamp; limit: number }>): Promise<readonly OwedWork[]> {
    const { documents } = await this.#database.query(dueQuery(now, limit), "look for due work");
    for (const document of documents) this.#keep(document);
    const all = documents.flatMap(({ fields }) => headOf(fields).owed);
    return all
      .filter((work) => isDue(work, now))
      .sort(byDueTime)
      .slice(0, limit);
  }

  async nextDueAt(): Promise<Timestamp | null> {
    const { documents } = await this.#database.query(nextDueQuery, "look when work is due next");
    const [document] = documents;
    return document === undefined ? null : readyAt(headOf(document.fields).owed);
  }

  async of(service: ServiceKey): Promise<readonly OwedWork[]> {
    const path = this.#database.path("services", service);
    const [document = null] = await this.#database.get([path], `read what ${service} owes`);
    return document === null ? [] : [...headOf(document.fields).owed].sort(byDueTime);
  }

  claim(params: Parameters<Store["claimWork"]>[0]): Promise<OwedWork | null> {
    return this.#change(params.id, "claim work", null, (list) => claimed(list, params));
  }

  renew(params: Parameters<Store["renewClaim"]>[0]): Promise<boolean> {
    return this.#change(params.id, "renew a claim", false, (list) => renewed(list, params));
  }

  async release(params: Parameters<Store["releaseClaim"]>[0]): Promise<void> {
    await this.#change(params.id, "give a claim back", null, (list) => released(list, params));
  }

  async #change<T>(
    id: string,
    doing: string,
    without: T,
    decide: (list: OwedList) => ListChange<T>,
  ): Promise<T> {
    const path = this.#serviceOf.get(id) ?? (await this.#find(id));
    if (path === null) return without;
    return this.#cells.change({
      path,
      doing,
      decide: (document) => {
        if (document === null) return { answer: without, fields: null };
        const head = headOf(document.fields);
        const { answer, list } = decide(head.owed);
        if (list === null) return { answer, fields: null };
        const told = this.#outbox.told(keyOf(document.fields), head);
        return { answer, fields: fieldsOfHead({ ...told, owed: list }), only: headFields };
      },
    });
  }

  async #find(id: string): Promise<string | null> {
    const { documents } = await this.#database.query(ownerQuery(id), "look whose work it is");
    const [document] = documents;
    if (document === undefined) return null;
    this.#keep(document);
    return document.path;
  }

  #keep(document: StoredDocument): void {
    this.learn(document);
    this.#cells.remember(small(document));
  }
}

function dueQuery(now: Timestamp, limit: number): Query {
  return {
    collection: "services",
    where: [["readyAt", "<=", now]],
    orderBy: [["readyAt", "asc"]],
    limit,
    select: smallFields,
  };
}

const nextDueQuery: Query = {
  collection: "services",
  where: [],
  orderBy: [["readyAt", "asc"]],
  limit: 1,
  select: smallFields,
};

function ownerQuery(id: string): Query {
  return {
    collection: "services",
    where: [["owedIds", "array-contains", id]],
    orderBy: [],
    limit: 1,
    select: smallFields,
  };
}
