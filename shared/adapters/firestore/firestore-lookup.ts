import type { ReleaseId, ServiceKey } from "../../domain/ids.ts";
import type { ReleaseRecord } from "../../domain/release-record.ts";
import type { ServiceState } from "../../domain/service-state.ts";
import type { Refusal, Store, StoredEvent } from "../../ports/store.ts";
import { stateToShow } from "../../ports/stored-state.ts";
import { byPosition, eventsOf } from "./event-position.ts";
import type { FirestoreDatabase } from "./firestore-database.ts";
import { unpacked } from "./packed-json.ts";
import { nameField, type Query } from "./query.ts";

/** What people look up. Every answer is read from the database. */
export class FirestoreLookup {
  readonly #database: FirestoreDatabase;

  constructor(database: FirestoreDatabase) {
    this.#database = database;
  }

  async services(): Promise<readonly ServiceState[]> {
    const query: Query = { collection: "services", where: [], orderBy: [], limit: null };
    const { documents } = await this.#database.query(query, "list the services");
    return documents.map(({ fields }) => stateToShow(unpacked<ServiceState>(fields)));
  }

  release(id: ReleaseId): Promise<ReleaseRecord | null> {
    return this.#one("releases", id, "read a release");
  }

  refusal(id: string): Promise<Refusal | null> {
    return this.#one("refusals", id, "read a refusal");
  }

  async releases(params: Parameters<Store["releases"]>[0]): Promise<readonly ReleaseRecord[]> {
    const { documents } = await this.#database.query(this.#newest(params), "list the releases");
    return documents.map(({ fields }) => unpacked<ReleaseRecord>(fields));
  }

  async refusals({ limit }: Readonly<{ limit: number }>): Promise<readonly Refusal[]> {
    const { documents } = await this.#database.query(newestRefusals(limit), "list the refusals");
    return documents.map(({ fields }) => unpacked<Refusal>(fields));
  }

  /** Each of its commits holds one of its events at least. */
  async releaseEvents(...[id, part]: Parameters<Store["releaseEvents"]>): Promise<readonly StoredEvent[]> {
    const query = part === undefined ? commitsOf(id) : { ...commitsOf(id), ...inOrder, limit: part.first };
    const { documents } = await this.#database.query(query, "read the events of a release");
    const events = documents.flatMap(eventsOf).filter(({ event }) => event.releaseId === id);
    return events.sort(byPosition).slice(0, part?.first);
  }

  #newest({ service, limit, before }: Parameters<Store["releases"]>[0]): Query {
    const after = before === null ? null : [before.requestedAt, this.#database.path("releases", before.id)];
    return {
      collection: "releases",
      where: service === null ? [] : [["service", "==", service]],
      orderBy: newestFirst("requestedAt"),
      limit,
      ...(after && { after }),
    };
  }

  async #one<T>(collection: string, key: string, doing: string): Promise<T | null> {
    const [document = null] = await this.#database.get([this.#database.path(collection, key)], doing);
    return document === null ? null : unpacked<T>(document.fields);
  }
}

function newestFirst(field: string): Query["orderBy"] {
  return [
    [field, "desc"],
    [nameField, "desc"],
  ];
}

function newestRefusals(limit: number): Query {
  return { collection: "refusals", where: [], orderBy: newestFirst("at"), limit };
}

/** A release is of one service, whose commits are counted. */
const inOrder: Pick<Query, "orderBy"> = { orderBy: [["version", "asc"]] };

function commitsOf(release: ReleaseId | ServiceKey): Query {
  return {
    collection: "commits",
    where: [["releaseIds", "array-contains", release]],
    orderBy: [],
    limit: null,
  };
}
