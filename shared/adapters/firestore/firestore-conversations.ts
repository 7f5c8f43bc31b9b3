import { type ChatLane, freeLane, silenced, type TurnPromised, takeTurn } from "../../domain/chat-pace.ts";
import type { Timestamp } from "../../domain/ids.ts";
import {
  type ClaimedConversation,
  type Conversation,
  type Conversations,
  newConversation,
} from "../../ports/conversations.ts";
import type { Change, DocumentCells } from "./document-cells.ts";
import { type Fields, numberOf, textOf } from "./document-fields.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { packed, unpacked } from "./packed-json.ts";
import { nameField, type Query } from "./query.ts";

/** What stands beside the conversation itself. */
type Turn = Readonly<{
  wanted: number;
  dueAt: Timestamp | null;
  claimedBy: string | null;
  leaseUntil: Timestamp;
}>;

/** Conversations on Firestore, one document each; the pace of a lane is a document too. */
export class FirestoreConversations implements Conversations {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;

  constructor({ database, cells }: Readonly<{ database: FirestoreDatabase; cells: DocumentCells }>) {
    this.#database = database;
    this.#cells = cells;
  }

  async want({ key, channel, now }: Parameters<Conversations["want"]>[0]): Promise<void> {
    await this.#change(key, "note that something is to be said", (document) => {
      if (document === null) {
        const turn = { wanted: 1, dueAt: now, claimedBy: null, leaseUntil: 0 };
        return write(newConversation({ key, channel, begunAt: now }), turn, null);
      }
      const turn = turnOf(document.fields);
      const dueAt = Math.min(turn.dueAt ?? now, now);
      return write(conversationOf(document), { ...turn, wanted: turn.wanted + 1, dueAt }, null);
    });
  }

  async due({ now, limit }: Parameters<Conversations["due"]>[0]): Promise<readonly string[]> {
    const { documents } = await this.#database.query(dueQuery(now, limit), "look for what is to be said");
    const due = documents.map(({ fields }) => ({ key: textOf(fields, "key"), ...turnOf(fields) }));
    due.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || (a.key < b.key ? -1 : 1));
    return due.map(({ key }) => key);
  }

  async nextDueAt(): Promise<Timestamp | null> {
    const { documents } = await this.#database.query(nextDueQuery, "look when something is to be said next");
    return documents[0] === undefined ? null : numberOf(documents[0].fields, "readyAt");
  }

  claim(params: Parameters<Conversations["claim"]>[0]): Promise<ClaimedConversation | null> {
    const { key, owner, now, leaseMs } = params;
    return this.#change<ClaimedConversation | null>(key, "claim a conversation", (document) => {
      const turn = document === null ? null : turnOf(document.fields);
      if (document === null || turn === null || turn.dueAt === null) return nothing;
      if (turn.dueAt > now || turn.leaseUntil > now) return nothing;
      const conversation = conversationOf(document);
      const claimed = { conversation, wanted: turn.wanted, interrupted: turn.claimedBy !== null };
      return write(conversation, { ...turn, claimedBy: owner, leaseUntil: now + leaseMs }, claimed);
    });
  }

  async save(params: Parameters<Conversations["save"]>[0]): Promise<void> {
    const { conversation, owner, wanted, now, dueAt } = params;
    await this.#change(conversation.key, "keep what was said", (document) => {
      const turn = document === null ? null : turnOf(document.fields);
      if (turn?.claimedBy !== owner) return nothing;
      const again = dueAt === null && turn.wanted > wanted ? now : dueAt;
      return write(conversation, { ...turn, claimedBy: null, leaseUntil: 0, dueAt: again }, null);
    });
  }

  async get(key: string): Promise<Conversation | null> {
    const [document = null] = await this.#database.get([this.#path(key)], "read a conversation");
    return document === null ? null : conversationOf(document);
  }

  begunSince(params: Parameters<Conversations["begunSince"]>[0]): Promise<number> {
    return this.#database.count(begunQuery(params), "count conversations");
  }

  async inDigest(digest: string): Promise<readonly Conversation[]> {
    const { documents } = await this.#database.query(digestQuery(digest), "read a digest");
    return documents.map(conversationOf);
  }

  takeTurn(params: Parameters<Conversations["takeTurn"]>[0]): Promise<TurnPromised | null> {
    const { lane, pace, asked } = params;
    return this.#changeLane(lane, (before) => {
      const given = takeTurn(before, asked, pace);
      return { lane: given.lane, answer: given.promised };
    });
  }

  async silence({ lane, pace, until }: Parameters<Conversations["silence"]>[0]): Promise<void> {
    await this.#changeLane(lane, (before) => ({ lane: silenced(before, until, pace), answer: null }));
  }

  #changeLane<T>(
    lane: string,
    decide: (lane: ChatLane) => Readonly<{ lane: ChatLane; answer: T }>,
  ): Promise<T> {
    return this.#cells.change({
      path: this.#database.path("chatLanes", lane),
      doing: "take a turn in a channel",
      decide: (document) => {
        const before = document === null ? freeLane : unpacked<ChatLane>(document.fields);
        const after = decide(before);
        return { answer: after.answer, fields: { body: packed(after.lane, `The lane ${lane}`) } };
      },
    });
  }

  #change<T>(
    key: string,
    doing: string,
    decide: (document: StoredDocument | null) => Change<T | null>,
  ): Promise<T | null> {
    return this.#cells.change({ path: this.#path(key), doing, decide });
  }

  #path(key: string): string {
    return this.#database.path("conversations", key);
  }
}

const nothing: Change<null> = { answer: null, fields: null };

function conversationOf({ fields }: StoredDocument): Conversation {
  return unpacked<Conversation>(fields);
}

function turnOf(fields: Fields): Turn {
  return {
    wanted: numberOf(fields, "wanted") ?? 0,
    dueAt: numberOf(fields, "dueAt"),
    claimedBy: textOf(fields, "claimedBy") || null,
    leaseUntil: numberOf(fields, "leaseUntil") ?? 0,
  };
}

/** `readyAt` is there while something is to be said, so that it can be asked for by one field. */
function write<T>(conversation: Conversation, turn: Turn, answer: T): Change<T> {
  const { key, channel, begunAt, digest } = conversation;
  const { dueAt, leaseUntil } = turn;
  const readyAt = dueAt === null ? null : Math.max(dueAt, leaseUntil);
  const body = packed(conversation, `The conversation ${key}`);
  return { answer, fields: { key, channel, begunAt, digest, ...turn, readyAt, body } };
}

function dueQuery(now: Timestamp, limit: number): Query {
  return {
    collection: "conversations",
    where: [["readyAt", "<=", now]],
    orderBy: [["readyAt", "asc"]],
    limit,
    select: ["key", "wanted", "dueAt", "claimedBy", "leaseUntil"],
  };
}

const nextDueQuery: Query = {
  collection: "conversations",
  where: [],
  orderBy: [["readyAt", "asc"]],
  limit: 1,
  select: ["readyAt"],
};

function begunQuery({ channel, since }: Parameters<Conversations["begunSince"]>[0]): Query {
  return {
    collection: "conversations",
    where: [
      ["channel", "==", channel],
      ["begunAt", ">=", since],
    ],
    orderBy: [],
    limit: null,
  };
}

function digestQuery(digest: string): Query {
  return {
    collection: "conversations",
    where: [["digest", "==", digest]],
    orderBy: [
      ["begunAt", "asc"],
      [nameField, "asc"],
    ],
    limit: null,
  };
}
