import type { Bus } from "../../ports/bus.ts";
import type { Conversations } from "../../ports/conversations.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { Freezes } from "../../ports/freezes.ts";
import type { Notes } from "../../ports/notes.ts";
import type { Store } from "../../ports/store.ts";
import type { Clock, Log } from "../../ports/system.ts";
import type { Endpoint } from "../google/client-options.ts";
import { connectFirestore, type FirestoreConnection } from "./connect-firestore.ts";
import { DocumentCells } from "./document-cells.ts";
import { FirestoreConversations } from "./firestore-conversations.ts";
import { FirestoreDatabase, type StoreCall } from "./firestore-database.ts";
import { FirestoreDeadLetters } from "./firestore-dead-letters.ts";
import { FirestoreFreezes } from "./firestore-freezes.ts";
import { FirestoreNotes } from "./firestore-notes.ts";
import { FirestoreStore } from "./firestore-store.ts";
import { Outbox } from "./outbox.ts";
import type { Deadlines } from "./tries.ts";

export type FirestoreOptions = Readonly<{
  project: string;
  database: string; // `(default)` for the one that a project begins with
  endpoint: Endpoint | null; // null = the real API
  clock: Clock;
  log: Log;
  /** Publishes the messages of a commit once it is made. */
  publish: Bus["publish"];
  deadlines?: Deadlines;
  /** Told of every call of the API. */
  observe?: (call: StoreCall) => void;
  /** Another way to the API than the client's own. */
  connection?: FirestoreConnection;
}>;

/** What is durable, on one Firestore database, for any number of processes. */
export type FirestoreEngine = Readonly<{
  store: Store;
  conversations: Conversations;
  freezes: Freezes;
  notes: Notes;
  deadLetters: DeadLetters;
  /**
   * `heard` at every message, `settle` before a function answers, `settleWithin` where somebody waits who can wait no longer,
   * `publishLeft` at every sweep.
   */
  outbox: Pick<Outbox, "heard" | "settle" | "settleWithin" | "publishLeft">;
  close: () => Promise<void>;
}>;

/** A call is given up after 10 s, and an operation with all its tries after 30 s: then the message is delivered again. */
const usualDeadlines: Deadlines = { callMs: 10_000, totalMs: 30_000 };

/** Nothing is connected, and no SDK loaded, before the first call. */
export function openFirestore(options: FirestoreOptions): FirestoreEngine {
  const { project, clock, log, publish, deadlines = usualDeadlines, observe = () => undefined } = options;
  const connection = options.connection ?? connectFirestore({ endpoint: options.endpoint });
  const database = new FirestoreDatabase({
    connection,
    clock,
    project,
    database: options.database,
    deadlines,
    observe,
  });
  const cells = new DocumentCells(database);
  const outbox = new Outbox({ database, cells, clock, log, publish });
  return {
    store: new FirestoreStore({ database, cells, outbox, clock }),
    conversations: new FirestoreConversations({ database, cells }),
    freezes: new FirestoreFreezes({ database, cells }),
    notes: new FirestoreNotes({ database, cells }),
    deadLetters: new FirestoreDeadLetters({ database, cells }),
    outbox,
    close: connection.close,
  };
}
