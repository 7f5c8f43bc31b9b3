import type { ReleaseId, ServiceKey, Timestamp } from "../../domain/ids.ts";
import type { Work, WorkKind } from "../../domain/work.ts";
import type { ClaimWish, OwedWork, Store } from "../../ports/store.ts";
import type { Database, Statement } from "./database.ts";

type Row = Readonly<{
  id: string;
  kind: string;
  service: string;
  release_id: string;
  due_at: number;
  lane: string | null;
  attempt: number;
  claimed_by: string | null;
  lease_until: number | null;
  last_error: string | null;
}>;

const columns = "id, kind, service, release_id, due_at, lane, attempt, claimed_by, lease_until, last_error";

const laneIsFree = `(lane IS NULL OR NOT EXISTS (
  SELECT 1 FROM work AS other
  WHERE other.service = work.service AND other.lane = work.lane AND other.id <> work.id
    AND other.claimed_by IS NOT NULL AND other.lease_until > ?3))`;

/** The statements on owed work; none of them may scan the table. */
export const workSql = {
  ofService: `SELECT ${columns} FROM work WHERE service = ? ORDER BY due_at, id`,
  insert: `INSERT OR IGNORE INTO work (id, kind, service, release_id, due_at, lane) VALUES (?, ?, ?, ?, ?, ?)`,
  drop: "DELETE FROM work WHERE id = ?",
  due: `SELECT ${columns} FROM work
    WHERE due_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1) ORDER BY due_at, id LIMIT ?2`,
  nextDueAt: "SELECT min(ready_at) AS at FROM work",
  claim: `UPDATE work SET attempt = attempt + 1, claimed_by = ?2, lease_until = ?4
    WHERE id = ?1 AND due_at <= ?3 AND (lease_until IS NULL OR lease_until <= ?3) AND ${laneIsFree}
    RETURNING ${columns}`,
  renew: `UPDATE work SET lease_until = ?4
    WHERE id = ?1 AND claimed_by = ?2 AND attempt = ?5 AND (lease_until > ?3 OR ${laneIsFree})`,
  release: `UPDATE work SET claimed_by = NULL, lease_until = NULL, due_at = ?3, last_error = ?4
    WHERE id = ?1 AND claimed_by = ?2 AND attempt = ?5`,
  voidClaims: "UPDATE work SET claimed_by = NULL, lease_until = NULL WHERE claimed_by IS NOT NULL",
} as const;

/** Owed work and its claims. The writing methods run inside a transaction of the caller's. */
export class SqliteWork {
  readonly #ofService: Statement<Row>;
  readonly #insert: Statement<never>;
  readonly #drop: Statement<never>;
  readonly #due: Statement<Row>;
  readonly #nextDueAt: Statement<{ at: Timestamp | null }>;
  readonly #claim: Statement<Row>;
  readonly #renew: Statement<never>;
  readonly #release: Statement<never>;

  constructor(database: Database) {
    this.#ofService = database.prepare(workSql.ofService);
    this.#insert = database.prepare(workSql.insert);
    this.#drop = database.prepare(workSql.drop);
    this.#due = database.prepare(workSql.due);
    this.#nextDueAt = database.prepare(workSql.nextDueAt);
    this.#claim = database.prepare(workSql.claim);
    this.#renew = database.prepare(workSql.renew);
    this.#release = database.prepare(workSql.release);
  }

  /** Adds what is new, drops what is no longer owed, and leaves the rest as it is. */
  reconcile(params: Readonly<{ service: ServiceKey; owed: readonly Work[] }>): void {
    const stored = new Set(this.#ofService.all(params.service).map((row) => row.id));
    const wanted = new Set(params.owed.map((work) => work.id));
    for (const id of stored) if (!wanted.has(id)) this.#drop.run(id);
    for (const work of params.owed)
      if (!stored.has(work.id))
        this.#insert.run(work.id, work.kind, work.service, work.releaseId, work.dueAt, work.lane);
  }

  of(service: ServiceKey): readonly OwedWork[] {
    return this.#ofService.all(service).map(owedWork);
  }

  due(params: Readonly<{ now: Timestamp; limit: number }>): readonly OwedWork[] {
    return this.#due.all(params.now, params.limit).map(owedWork);
  }

  nextDueAt(): Timestamp | null {
    return this.#nextDueAt.one()?.at ?? null;
  }

  claim({ id, owner, now, leaseMs }: Parameters<Store["claimWork"]>[0]): OwedWork | null {
    const row = this.#claim.one(id, owner, now, now + leaseMs);
    return row === null ? null : owedWork(row);
  }

  /** Claims the first of these that may be claimed. */
  claimFirst({ ids, ...params }: ClaimWish): OwedWork | null {
    for (const id of ids) {
      const claimed = this.claim({ id, ...params });
      if (claimed !== null) return claimed;
    }
    return null;
  }

  renew({ id, owner, attempt, now, leaseMs }: Parameters<Store["renewClaim"]>[0]): boolean {
    return this.#renew.run(id, owner, now, now + leaseMs, attempt) > 0;
  }

  release({ id, owner, attempt, dueAt, error }: Parameters<Store["releaseClaim"]>[0]): void {
    this.#release.run(id, owner, dueAt, error, attempt);
  }
}

function owedWork(row: Row): OwedWork {
  return {
    id: row.id,
    kind: row.kind as WorkKind,
    service: row.service as ServiceKey,
    releaseId: row.release_id as ReleaseId,
    dueAt: row.due_at,
    lane: row.lane as Work["lane"],
    attempt: row.attempt,
    claimedBy: row.claimed_by,
    leaseUntil: row.lease_until,
    lastError: row.last_error,
  };
}
