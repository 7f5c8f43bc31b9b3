import { type ChatLane, freeLane, silenced, type TurnPromised, takeTurn } from "../../domain/chat-pace.ts";
import type { Timestamp } from "../../domain/ids.ts";
import {
  anyMessage,
  type ClaimedConversation,
  type Conversation,
  type Conversations,
  newConversation,
} from "../../ports/conversations.ts";
import type { Database, Statement } from "./database.ts";
import type { GroupCommit } from "./group-commit.ts";

/** The statements on conversations; none of them may scan the table. */
export const conversationSql = {
  want: `INSERT INTO conversations (key, channel, begun_at, wanted, due_at, body) VALUES (?1, ?2, ?3, 1, ?3, ?4)
    ON CONFLICT (key) DO UPDATE SET wanted = wanted + 1, due_at = min(coalesce(due_at, ?3), ?3)`,
  due: `SELECT key FROM conversations
    WHERE due_at IS NOT NULL AND due_at <= ?1 AND lease_until <= ?1 ORDER BY due_at, key LIMIT ?2`,
  nextDueAt: "SELECT min(ready_at) AS at FROM conversations WHERE ready_at IS NOT NULL",
  claim: `UPDATE conversations SET claimed_by = ?2, lease_until = ?4
    WHERE key = ?1 AND due_at IS NOT NULL AND due_at <= ?3 AND lease_until <= ?3 RETURNING body, wanted`,
  save: `UPDATE conversations SET body = ?3, digest = ?4, claimed_by = NULL, lease_until = 0,
      due_at = CASE WHEN ?5 IS NULL AND wanted > ?6 THEN ?7 ELSE ?5 END
    WHERE key = ?1 AND claimed_by = ?2`,
  get: "SELECT body FROM conversations WHERE key = ?",
  begunSince: "SELECT count(*) AS count FROM conversations WHERE channel = ? AND begun_at >= ?",
  inDigest: "SELECT body FROM conversations WHERE digest = ? ORDER BY begun_at, key",
  owner: "SELECT claimed_by FROM conversations WHERE key = ?",
  lane: "SELECT body FROM chat_lanes WHERE lane = ?",
  keepLane: `INSERT INTO chat_lanes (lane, body) VALUES (?1, ?2)
    ON CONFLICT (lane) DO UPDATE SET body = excluded.body`,
  voidClaims: "UPDATE conversations SET lease_until = 0 WHERE claimed_by IS NOT NULL",
} as const;

type Body = Readonly<{ body: string }>;

/** Conversations on the file of the store. Acknowledged = on the disk. */
export class SqliteConversations implements Conversations {
  readonly #writer: GroupCommit;
  readonly #want: Statement<never>;
  readonly #due: Statement<{ key: string }>;
  readonly #nextDueAt: Statement<{ at: Timestamp | null }>;
  readonly #claim: Statement<Body & { wanted: number }>;
  readonly #owner: Statement<{ claimed_by: string | null }>;
  readonly #save: Statement<never>;
  readonly #get: Statement<Body>;
  readonly #begunSince: Statement<{ count: number }>;
  readonly #inDigest: Statement<Body>;
  readonly #lane: Statement<Body>;
  readonly #keepLane: Statement<never>;

  constructor({ database, writer }: Readonly<{ database: Database; writer: GroupCommit }>) {
    this.#writer = writer;
    this.#want = database.prepare(conversationSql.want);
    this.#due = database.prepare(conversationSql.due);
    this.#nextDueAt = database.prepare(conversationSql.nextDueAt);
    this.#claim = database.prepare(conversationSql.claim);
    this.#owner = database.prepare(conversationSql.owner);
    this.#save = database.prepare(conversationSql.save);
    this.#get = database.prepare(conversationSql.get);
    this.#begunSince = database.prepare(conversationSql.begunSince);
    this.#inDigest = database.prepare(conversationSql.inDigest);
    this.#lane = database.prepare(conversationSql.lane);
    this.#keepLane = database.prepare(conversationSql.keepLane);
  }

  async want({ key, channel, now }: Parameters<Conversations["want"]>[0]): Promise<void> {
    const body = JSON.stringify(newConversation({ key, channel, begunAt: now }));
    await this.#writer.run({ durable: true, work: () => this.#want.run(key, channel, now, body) });
  }

  async due({ now, limit }: Parameters<Conversations["due"]>[0]): Promise<readonly string[]> {
    return this.#due.all(now, limit).map(({ key }) => key);
  }

  async nextDueAt(): Promise<Timestamp | null> {
    return this.#nextDueAt.one()?.at ?? null;
  }

  /** On the disk before anything is posted: a power cut may not make a second message of a first one. */
  claim(params: Parameters<Conversations["claim"]>[0]): Promise<ClaimedConversation | null> {
    const { key, owner, now, leaseMs } = params;
    const work = (): ClaimedConversation | null => {
      const interrupted = (this.#owner.one(key)?.claimed_by ?? null) !== null;
      const row = this.#claim.one(key, owner, now, now + leaseMs);
      return row === null ? null : { conversation: read(row), wanted: row.wanted, interrupted };
    };
    return this.#writer.run({ durable: true, work });
  }

  async save({
    conversation,
    owner,
    wanted,
    now,
    dueAt,
  }: Parameters<Conversations["save"]>[0]): Promise<void> {
    const { key, digest } = conversation;
    const body = JSON.stringify(conversation);
    await this.#writer.run({
      durable: true,
      work: () => this.#save.run(key, owner, body, digest, dueAt, wanted, now),
    });
  }

  async get(key: string): Promise<Conversation | null> {
    const row = this.#get.one(key);
    return row === null ? null : read(row);
  }

  async begunSince({ channel, since }: Parameters<Conversations["begunSince"]>[0]): Promise<number> {
    return this.#begunSince.one(channel, since)?.count ?? 0;
  }

  async inDigest(digest: string): Promise<readonly Conversation[]> {
    return this.#inDigest.all(digest).map(read);
  }

  takeTurn({ lane, pace, asked }: Parameters<Conversations["takeTurn"]>[0]): Promise<TurnPromised | null> {
    const work = (): TurnPromised | null => {
      const given = takeTurn(this.#laneOf(lane), asked, pace);
      this.#keepLane.run(lane, JSON.stringify(given.lane));
      return given.promised;
    };
    return this.#writer.run({ durable: false, work });
  }

  silence({ lane, pace, until }: Parameters<Conversations["silence"]>[0]): Promise<void> {
    const work = (): void => {
      this.#keepLane.run(lane, JSON.stringify(silenced(this.#laneOf(lane), until, pace)));
    };
    return this.#writer.run({ durable: false, work });
  }

  #laneOf(lane: string): ChatLane {
    const row = this.#lane.one(lane);
    return row === null ? freeLane : JSON.parse(row.body);
  }
}

type Recent = "offers" | "turns" | "unsure";

/** A conversation that an older Gantry kept tells nothing of turns, nor which of its messages it is unsure of. */
function read({ body }: Body): Conversation {
  const kept: Omit<Conversation, Recent> & Partial<Pick<Conversation, Recent>> = JSON.parse(body);
  const { offers, turns } = newConversation(kept);
  return { offers, turns, unsure: kept.attempt > 0 ? anyMessage : null, ...kept };
}
