import type { ReleaseId, ServiceKey } from "../../domain/ids.ts";
import type { ReleaseConfig } from "../../domain/release-config.ts";
import type { ReleaseRecord } from "../../domain/release-record.ts";
import type { ServiceState } from "../../domain/service-state.ts";
import type { Refusal, Store, StoredEvent } from "../../ports/store.ts";
import { stateToShow } from "../../ports/stored-state.ts";
import type { Database, Statement } from "./database.ts";

type EventRow = Readonly<{ service: string; sequence: number; position: number; event: string }>;
type Text = Readonly<{ text: string }>;

/** https://www.sqlite.org/lang_select.html#the_limit_clause */
const unlimited = -1;

const eventColumns = "service, sequence, position, event";

/** The statements that answer questions; none of them may scan a table, but `services`, which lists it. */
export const lookupSql = {
  services: "SELECT state AS text FROM services ORDER BY key",
  release: "SELECT record AS text FROM releases WHERE id = ?",
  newest: "SELECT record AS text FROM releases ORDER BY requested_at DESC, id DESC LIMIT ?",
  newestBefore: `SELECT record AS text FROM releases WHERE (requested_at, id) < (?, ?)
    ORDER BY requested_at DESC, id DESC LIMIT ?`,
  newestOfService: `SELECT record AS text FROM releases WHERE service = ?
    ORDER BY requested_at DESC, id DESC LIMIT ?`,
  newestOfServiceBefore: `SELECT record AS text FROM releases WHERE service = ? AND (requested_at, id) < (?, ?)
    ORDER BY requested_at DESC, id DESC LIMIT ?`,
  config: "SELECT config AS text FROM configs WHERE hash = ?",
  releaseEvents: `SELECT ${eventColumns} FROM events WHERE release_id = ? ORDER BY position LIMIT ?`,
  eventsAfter: `SELECT ${eventColumns} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
  lastPosition: "SELECT max(position) AS position FROM events",
  refusals: "SELECT refusal AS text FROM refusals ORDER BY at DESC, id DESC LIMIT ?",
  refusal: "SELECT refusal AS text FROM refusals WHERE id = ?",
} as const;

/** What people and SSE look up. */
export class SqliteLookup {
  readonly #services: Statement<Text>;
  readonly #release: Statement<Text>;
  readonly #newest: Statement<Text>;
  readonly #newestBefore: Statement<Text>;
  readonly #newestOfService: Statement<Text>;
  readonly #newestOfServiceBefore: Statement<Text>;
  readonly #config: Statement<Text>;
  readonly #releaseEvents: Statement<EventRow>;
  readonly #eventsAfter: Statement<EventRow>;
  readonly #lastPosition: Statement<{ position: number | null }>;
  readonly #refusals: Statement<Text>;
  readonly #refusal: Statement<Text>;

  constructor(database: Database) {
    this.#services = database.prepare(lookupSql.services);
    this.#release = database.prepare(lookupSql.release);
    this.#newest = database.prepare(lookupSql.newest);
    this.#newestBefore = database.prepare(lookupSql.newestBefore);
    this.#newestOfService = database.prepare(lookupSql.newestOfService);
    this.#newestOfServiceBefore = database.prepare(lookupSql.newestOfServiceBefore);
    this.#config = database.prepare(lookupSql.config);
    this.#releaseEvents = database.prepare(lookupSql.releaseEvents);
    this.#eventsAfter = database.prepare(lookupSql.eventsAfter);
    this.#lastPosition = database.prepare(lookupSql.lastPosition);
    this.#refusals = database.prepare(lookupSql.refusals);
    this.#refusal = database.prepare(lookupSql.refusal);
  }

  services(): readonly ServiceState[] {
    return this.#services.all().map((row) => stateToShow(read<ServiceState>(row)));
  }

  release(id: ReleaseId): ReleaseRecord | null {
    return readOrNull<ReleaseRecord>(this.#release.one(id));
  }

  releases(params: Parameters<Store["releases"]>[0]): readonly ReleaseRecord[] {
    return this.#releaseRows(params).map((row) => read<ReleaseRecord>(row));
  }

  config(hash: string): ReleaseConfig | null {
    return readOrNull<ReleaseConfig>(this.#config.one(hash));
  }

  releaseEvents(id: ReleaseId, part?: Readonly<{ first: number }>): readonly StoredEvent[] {
    return this.#releaseEvents.all(id, part?.first ?? unlimited).map(storedEvent);
  }

  eventsAfter(params: Parameters<Store["eventsAfter"]>[0]): readonly StoredEvent[] {
    return this.#eventsAfter.all(params.after, params.limit).map(storedEvent);
  }

  lastPosition(): number {
    return this.#lastPosition.one()?.position ?? 0;
  }

  refusals(params: Readonly<{ limit: number }>): readonly Refusal[] {
    return this.#refusals.all(params.limit).map((row) => read<Refusal>(row));
  }

  refusal(id: string): Refusal | null {
    return readOrNull<Refusal>(this.#refusal.one(id));
  }

  #releaseRows({ service, limit, before }: Parameters<Store["releases"]>[0]): readonly Text[] {
    if (service === null)
      return before === null
        ? this.#newest.all(limit)
        : this.#newestBefore.all(before.requestedAt, before.id, limit);
    return before === null
      ? this.#newestOfService.all(service, limit)
      : this.#newestOfServiceBefore.all(service, before.requestedAt, before.id, limit);
  }
}

function read<T>(row: Text): T {
  return JSON.parse(row.text) as T;
}

function readOrNull<T>(row: Text | null): T | null {
  return row === null ? null : read<T>(row);
}

function storedEvent(row: EventRow): StoredEvent {
  const { sequence, position } = row;
  return { service: row.service as ServiceKey, sequence, position, event: JSON.parse(row.event) };
}
