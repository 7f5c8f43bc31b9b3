import type { Clock } from "../../ports/system.ts";
import { callOptions } from "../google/api-call.ts";
import { withinDeadline } from "../google/call-deadline.ts";
import type { FirestoreClient, FirestoreConnection } from "./connect-firestore.ts";
import {
  type Fields,
  type FieldValue,
  type Moment,
  readFields,
  readMoment,
  type WireFields,
  type WireMoment,
  wireFields,
  wireValue,
} from "./document-fields.ts";
import { documentId } from "./document-id.ts";
import { firestoreFailureOf, storeUnavailable } from "./firestore-failure.ts";
import { nameField, type Query, structuredQuery } from "./query.ts";
import { type Deadlines, Tries } from "./tries.ts";

/** A document as it was read: `createdAt` and `updatedAt` are the times of the commits that wrote it first and last. */
export type StoredDocument = Readonly<{ path: string; fields: Fields; createdAt: Moment; updatedAt: Moment }>;

/** What must be so for a write, and with it the whole commit, to happen. */
export type Precondition = Readonly<{ exists: boolean } | { updatedAt: Moment }>;

/** One document of a commit. */
export type Write = Readonly<{
  path: string;
  fields: Fields;
  /** Only these fields change; without it, the document is what `fields` says. */
  only?: readonly string[];
  when?: Precondition;
  /** A field that takes the time at which the server got the request, to the millisecond. */
  stamp?: string;
}>;

/** One call of the API, told to whoever counts them. */
export type StoreCall = Readonly<{
  kind: "read" | "write";
  doing: string;
  documents: number;
  query: Query | null;
  writes: readonly Write[];
}>;

/** The documents of a query, and the time as of which they are all there is. */
export type Found = Readonly<{ documents: readonly StoredDocument[]; readAt: Moment }>;

type Answer = Readonly<{
  found?: WireDocument | null;
  document?: WireDocument | null;
  readTime?: WireMoment | null;
  result?: { aggregateFields?: Record<string, { integerValue?: unknown }> | null } | null;
}>;
type WireDocument = Readonly<{
  name?: string | null;
  fields?: WireFields | null;
  createTime?: WireMoment | null;
  updateTime?: WireMoment | null;
}>;

/** So many calls in a row without an answer, and the channel is given up: its server may be gone without a word. */
const silentCalls = 2;

/** One Firestore database, call by call. Reads are tried again; writes are sent once, and it is for the caller to say what then. */
export class FirestoreDatabase {
  readonly #connection: FirestoreConnection;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #observe: (call: StoreCall) => void;
  readonly #root: string;
  #silent = 0;

  constructor(
    params: Readonly<{
      connection: FirestoreConnection;
      clock: Clock;
      project: string;
      database: string;
      deadlines: Deadlines;
      observe: (call: StoreCall) => void;
    }>,
  ) {
    this.#connection = params.connection;
    this.#clock = params.clock;
    this.#deadlines = params.deadlines;
    this.#observe = params.observe;
    this.#root = `projects/${params.project}/databases/${params.database}`;
  }

  /** Where the document that this text names lies. */
  path(collection: string, key: string): string {
    return `${collection}/${documentId(key)}`;
  }

  tries(doing: string): Tries {
    return new Tries({ clock: this.#clock, doing, totalMs: this.#deadlines.totalMs });
  }

  /** The documents at these paths, in their order and as of one moment; null = there is none. */
  async get(paths: readonly string[], doing: string): Promise<readonly (StoredDocument | null)[]> {
    const documents = paths.map((path) => this.#name(path));
    const request = { database: this.#root, documents };
    const answers = await this.#read(
      doing,
      { kind: "read", doing, documents: paths.length, query: null, writes: [] },
      (client, ms) => client.batchGetDocuments(request, callOptions(ms)),
    );
    const found = new Map(answers.map(({ found: document }) => [document?.name ?? "", document]));
    return documents.map((name) => this.#document(found.get(name)));
  }

  async query(query: Query, doing: string): Promise<Found> {
    const request = { parent: this.#parent, structuredQuery: this.#structured(query) };
    const answers = await this.#read(
      doing,
      { kind: "read", doing, documents: 0, query, writes: [] },
      (client, ms) => client.runQuery(request, callOptions(ms)),
    );
    const documents = answers.map(({ document }) => this.#document(document)).filter((each) => each !== null);
    return { documents, readAt: readMoment(answers.at(-1)?.readTime ?? {}) };
  }

  /** How many documents the query finds, without reading them. */
  async count(query: Query, doing: string): Promise<number> {
    const structuredAggregationQuery = {
      structuredQuery: this.#structured(query),
      aggregations: [{ alias: "count", count: {} }],
    };
    const request = { parent: this.#parent, structuredAggregationQuery };
    const answers = await this.#read(
      doing,
      { kind: "read", doing, documents: 1, query, writes: [] },
      (client, ms) => client.runAggregationQuery(request, callOptions(ms)),
    );
    return Number(answers.at(-1)?.result?.aggregateFields?.["count"]?.integerValue ?? 0);
  }

  /**
   * Writes all of it or nothing, once. Answers when each document was updated. @throws what the client throws;
   * `firestoreFailureOf` tells what that means.
   */
  async commit(writes: readonly Write[], doing: string): Promise<readonly Moment[]> {
    const request = { database: this.#root, writes: writes.map((write) => this.#wireWrite(write)) };
    this.#observe({ kind: "write", doing, documents: writes.length, query: null, writes });
    const [answer] = await this.#call(doing, (client, ms) => client.commit(request, callOptions(ms)));
    return (answer.writeResults ?? []).map(({ updateTime }) => readMoment(updateTime ?? {}));
  }

  get #parent(): string {
    return `${this.#root}/documents`;
  }

  #name(path: string): string {
    return `${this.#parent}/${path}`;
  }

  #structured(query: Query): object {
    return structuredQuery(query, (field, value) => this.#encode(field, value));
  }

  #encode(field: string, value: FieldValue): object {
    return field === nameField ? { referenceValue: this.#name(String(value)) } : wireValue(value);
  }

  #document(wire: WireDocument | null | undefined): StoredDocument | null {
    if (!wire) return null;
    return {
      path: (wire.name ?? "").slice(this.#parent.length + 1),
      fields: readFields(wire.fields ?? {}),
      createdAt: readMoment(wire.createTime ?? {}),
      updatedAt: readMoment(wire.updateTime ?? {}),
    };
  }

  #wireWrite({ path, fields, only, when, stamp }: Write) {
    return {
      update: { name: this.#name(path), fields: wireFields(fields) },
      ...(only && { updateMask: { fieldPaths: [...only] } }),
      ...(when && { currentDocument: "exists" in when ? when : { updateTime: when.updatedAt } }),
      ...(stamp && { updateTransforms: [{ fieldPath: stamp, setToServerValue: "REQUEST_TIME" as const }] }),
    };
  }

  async #read(
    doing: string,
    call: StoreCall,
    send: (client: FirestoreClient, ms: number) => AsyncIterable<Answer> & { destroy: () => unknown },
  ): Promise<readonly Answer[]> {
    const tries = this.tries(doing);
    for (;;) {
      try {
        const answers = await this.#call(doing, (client, ms) => gathered(send(client, ms)));
        this.#observe({ ...call, documents: Math.max(call.documents, answers.length) });
        return answers;
      } catch (error) {
        const failure = firestoreFailureOf(error);
        if (failure.kind !== "unknown" && failure.kind !== "aborted")
          throw storeUnavailable({ doing, failure, cause: error });
        await tries.again(error);
      }
    }
  }

  async #call<T>(doing: string, send: (client: FirestoreClient, ms: number) => Promise<T>): Promise<T> {
    const ms = this.#deadlines.callMs;
    try {
      const call = async () => send(await this.#connection.client(), ms);
      const answer = await withinDeadline({ ms, doing, call });
      this.#silent = 0;
      return answer;
    } catch (error) {
      this.#hear(error);
      throw error;
    }
  }

  /** A process that stood still for long may hold a channel whose other end is gone, and would wait on it for ever. */
  #hear(error: unknown): void {
    const isSilence = error instanceof Error && "code" in error && error.code === 4;
    this.#silent = isSilence ? this.#silent + 1 : 0;
    if (this.#silent < silentCalls) return;
    this.#silent = 0;
    this.#connection.renew();
  }
}

async function gathered(
  stream: AsyncIterable<Answer> & { destroy: () => unknown },
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for await (const answer of stream) answers.push(answer);
  return answers;
}
