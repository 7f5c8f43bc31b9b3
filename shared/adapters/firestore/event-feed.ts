import type { Store, StoredEvent } from "../../ports/store.ts";
import { type Moment, millisOf } from "./document-fields.ts";
import { byPosition, eventsOf, millisAt, positionAt } from "./event-position.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { nameField, type Query } from "./query.ts";

/**
 * The one time that can be asked for is that at which the server GOT a commit's request
 * (`setToServerValue: REQUEST_TIME`, https://github.com/googleapis/googleapis/blob/master/google/firestore/v1/write.proto);
 * positions come from the time at which it was committed, which is later. A commit that waited longer than this between the
 * two could be missed by who follows the events; calls are given up long before.
 */
const longestCommitMs = 60_000;

/** Clocks of Firestore's own servers may differ by so much. */
const skewMs = 5_000;

const pageSize = 200;

/** The events of all services in one order, without a counter that every commit would have to write. */
export class EventFeed {
  readonly #database: FirestoreDatabase;

  constructor(database: FirestoreDatabase) {
    this.#database = database;
  }

  /**
   * Never misses one: all that is committed later than the moment of reading gets a higher position than all that is there. A
   * page ends between two microseconds, never within one.
   */
  async after({ after, limit }: Parameters<Store["eventsAfter"]>[0]): Promise<readonly StoredEvent[]> {
    const found: StoredDocument[] = [];
    let readAt: Moment | null = null;
    for (;;) {
      const page = await this.#database.query(commitsFrom(after, found.at(-1)), "follow the events");
      readAt ??= page.readAt;
      found.push(...page.documents);
      const isAll = page.documents.length < pageSize;
      const until = Math.min(
        positionAt(readAt, 0) + 16,
        isAll ? Number.POSITIVE_INFINITY : surelyAllUntil(found),
      );
      const events = found
        .filter(({ createdAt }) => positionAt(createdAt, 0) < until)
        .flatMap(eventsOf)
        .filter(({ position }) => position > after)
        .sort(byPosition);
      if (isAll || events.length > limit) return firstOf(events, limit);
    }
  }

  /** Of commits that overlap, the one requested last need not be the one committed last: so it is looked what comes after it. */
  async last(): Promise<number> {
    const { documents } = await this.#database.query(newestCommit, "look for the last event");
    const newest = Math.max(0, ...documents.flatMap(eventsOf).map(({ position }) => position));
    const later = newest === 0 ? [] : await this.after({ after: newest, limit: Number.MAX_SAFE_INTEGER });
    return later.at(-1)?.position ?? newest;
  }
}

/** What was committed before the last one found was requested has been found. */
function surelyAllUntil(found: readonly StoredDocument[]): number {
  const requested = requestedMs(found.at(-1)) - skewMs;
  return positionAt({ seconds: Math.floor(requested / 1000), nanos: (requested % 1000) * 1_000_000 }, 0);
}

function requestedMs(document: StoredDocument | undefined): number {
  const at = document?.fields["at"];
  return at instanceof Date ? at.getTime() : millisOf(document?.createdAt ?? { seconds: 0, nanos: 0 });
}

/** As many as asked for, and those that have the position of the last one. */
function firstOf(events: readonly StoredEvent[], limit: number): readonly StoredEvent[] {
  const last = events[limit - 1]?.position;
  return last === undefined ? events : events.filter(({ position }) => position <= last);
}

function commitsFrom(after: number, last: StoredDocument | undefined): Query {
  const from = new Date(after === 0 ? 0 : millisAt(after) - longestCommitMs);
  return {
    collection: "commits",
    where: [["at", ">=", from]],
    orderBy: [
      ["at", "asc"],
      [nameField, "asc"],
    ],
    limit: pageSize,
    ...(last && { after: [new Date(requestedMs(last)), last.path] }),
  };
}

const newestCommit: Query = {
  collection: "commits",
  where: [],
  orderBy: [["at", "desc"]],
  limit: 1,
};
