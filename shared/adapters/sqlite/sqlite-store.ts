import type { ReleaseId, ServiceKey, Timestamp } from "../../domain/ids.ts";
import type { ReleaseConfig } from "../../domain/release-config.ts";
import type { ReleaseRecord } from "../../domain/release-record.ts";
import { newService, type ServiceState } from "../../domain/service-state.ts";
import type {
  Commit,
  CommitResult,
  OwedWork,
  Refusal,
  Store,
  StoredEvent,
  Versioned,
} from "../../ports/store.ts";
import { stateToShow, stateToStore, toDecideOn } from "../../ports/stored-state.ts";
import type { Clock } from "../../ports/system.ts";
import type { Database, Statement } from "./database.ts";
import type { GroupCommit } from "./group-commit.ts";
import { SqliteLookup } from "./sqlite-lookup.ts";
import type { SqliteQueue } from "./sqlite-queue.ts";
import { SqliteWork } from "./sqlite-work.ts";

/** The statements of a commit; none of them may scan a table. */
export const commitSql = {
  load: "SELECT version, state FROM services WHERE key = ?",
  head: "SELECT version, sequence FROM services WHERE key = ?",
  seen: "SELECT 1 AS found FROM seen WHERE cause = ?",
  see: "INSERT INTO seen (cause, at) VALUES (?, ?)",
  save: `INSERT INTO services (key, version, sequence, state) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET version = excluded.version, sequence = excluded.sequence, state = excluded.state`,
  append: "INSERT INTO events (service, sequence, release_id, event) VALUES (?, ?, ?, ?)",
  record: `INSERT INTO releases (id, service, requested_at, record) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
  config: "INSERT OR IGNORE INTO configs (hash, config) VALUES (?, ?)",
  refuse: "INSERT OR IGNORE INTO refusals (id, at, refusal) VALUES (?, ?, ?)",
  forgetSeen: "DELETE FROM seen WHERE at < ?",
  forgetRefusals: "DELETE FROM refusals WHERE at < ?",
} as const;

/** The store on one SQLite file, for the one process that owns it. Acknowledged = on the disk. */
export class SqliteStore implements Store {
  readonly #clock: Clock;
  readonly #writer: GroupCommit;
  readonly #queue: SqliteQueue;
  readonly #work: SqliteWork;
  readonly #lookup: SqliteLookup;
  readonly #load: Statement<{ version: number; state: string }>;
  readonly #head: Statement<{ version: number; sequence: number }>;
  readonly #seen: Statement<{ found: number }>;
  readonly #see: Statement<never>;
  readonly #save: Statement<never>;
  readonly #append: Statement<never>;
  readonly #record: Statement<never>;
  readonly #config: Statement<never>;
  readonly #refuse: Statement<never>;
  readonly #forgetSeen: Statement<never>;
  readonly #forgetRefusals: Statement<never>;

  constructor(
    params: Readonly<{ database: Database; writer: GroupCommit; queue: SqliteQueue; clock: Clock }>,
  ) {
    const { database } = params;
    this.#clock = params.clock;
    this.#writer = params.writer;
    this.#queue = params.queue;
    this.#work = new SqliteWork(database);
    this.#lookup = new SqliteLookup(database);
    this.#load = database.prepare(commitSql.load);
    this.#head = database.prepare(commitSql.head);
    this.#seen = database.prepare(commitSql.seen);
    this.#see = database.prepare(commitSql.see);
    this.#save = database.prepare(commitSql.save);
    this.#append = database.prepare(commitSql.append);
    this.#record = database.prepare(commitSql.record);
    this.#config = database.prepare(commitSql.config);
    this.#refuse = database.prepare(commitSql.refuse);
    this.#forgetSeen = database.prepare(commitSql.forgetSeen);
    this.#forgetRefusals = database.prepare(commitSql.forgetRefusals);
  }

  async load(service: ServiceKey): Promise<Versioned> {
    return toDecideOn(await this.look(service));
  }

  async look(service: ServiceKey): Promise<Versioned> {
    const row = this.#load.one(service);
    return row === null
      ? { state: newService(service), version: 0 }
      : { state: stateToShow(JSON.parse(row.state)), version: row.version };
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const result = await this.#writer.run({ durable: true, work: () => this.#write(commit) });
    if (result.outcome === "committed" && commit.messages.length > 0) this.#queue.announce();
    return result;
  }

  async dueWork(params: Readonly<{ now: Timestamp; limit: number }>): Promise<readonly OwedWork[]> {
    return this.#work.due(params);
  }

  async nextDueAt(): Promise<Timestamp | null> {
    return this.#work.nextDueAt();
  }

  async owedWork(service: ServiceKey): Promise<readonly OwedWork[]> {
    return this.#work.of(service);
  }

  claimWork(params: Parameters<Store["claimWork"]>[0]): Promise<OwedWork | null> {
    return this.#writer.run({ durable: false, work: () => this.#work.claim(params) });
  }

  renewClaim(params: Parameters<Store["renewClaim"]>[0]): Promise<boolean> {
    return this.#writer.run({ durable: false, work: () => this.#work.renew(params) });
  }

  releaseClaim(params: Parameters<Store["releaseClaim"]>[0]): Promise<void> {
    return this.#writer.run({ durable: true, work: () => this.#work.release(params) });
  }

  async services(): Promise<readonly ServiceState[]> {
    return this.#lookup.services();
  }

  async release(id: ReleaseId): Promise<ReleaseRecord | null> {
    return this.#lookup.release(id);
  }

  async releases(params: Parameters<Store["releases"]>[0]): Promise<readonly ReleaseRecord[]> {
    return this.#lookup.releases(params);
  }

  async config(hash: string): Promise<ReleaseConfig | null> {
    return this.#lookup.config(hash);
  }

  async releaseEvents(...params: Parameters<Store["releaseEvents"]>): Promise<readonly StoredEvent[]> {
    return this.#lookup.releaseEvents(...params);
  }

  async eventsAfter(params: Readonly<{ after: number; limit: number }>): Promise<readonly StoredEvent[]> {
    return this.#lookup.eventsAfter(params);
  }

  async lastPosition(): Promise<number> {
    return this.#lookup.lastPosition();
  }

  async recordRefusal(refusal: Refusal): Promise<void> {
    const text = JSON.stringify(refusal);
    await this.#writer.run({ durable: true, work: () => this.#refuse.run(refusal.id, refusal.at, text) });
  }

  async refusals(params: Readonly<{ limit: number }>): Promise<readonly Refusal[]> {
    return this.#lookup.refusals(params);
  }

  async refusal(id: string): Promise<Refusal | null> {
    return this.#lookup.refusal(id);
  }

  /** Forgets causes and refusals from before these times, inside the caller's transaction. */
  prune(params: Readonly<{ seenBefore: Timestamp; refusedBefore: Timestamp }>): void {
    this.#forgetSeen.run(params.seenBefore);
    this.#forgetRefusals.run(params.refusedBefore);
  }

  #write(commit: Commit): CommitResult {
    const { service, cause } = commit;
    if (cause !== null && this.#seen.one(cause) !== null) return { outcome: "duplicate" };
    const head = this.#head.one(service);
    if ((head?.version ?? 0) !== commit.expectedVersion) return { outcome: "conflict" };
    const version = commit.expectedVersion + 1;
    const sequence = this.#appendEvents(commit, head?.sequence ?? 0);
    this.#save.run(service, version, sequence, JSON.stringify(stateToStore(commit)));
    for (const record of commit.releases)
      this.#record.run(record.id, record.service, record.requestedAt, JSON.stringify(record));
    for (const { hash, config } of commit.configs) this.#config.run(hash, JSON.stringify(config));
    if (cause !== null) this.#see.run(cause, this.#clock.now());
    this.#work.reconcile(commit);
    this.#queue.enqueue(commit.messages);
    const claimed = commit.claim === undefined ? null : this.#work.claimFirst(commit.claim);
    return { outcome: "committed", version, ...(claimed && { claimed }) };
  }

  #appendEvents(commit: Commit, lastSequence: number): number {
    let sequence = lastSequence;
    for (const event of commit.events) {
      sequence += 1;
      this.#append.run(commit.service, sequence, event.releaseId, JSON.stringify(event));
    }
    return sequence;
  }
}
