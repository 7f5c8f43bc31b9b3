import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { schema } from "../../domain/schema.ts";
import { toDecideOn } from "../../ports/stored-state.ts";
import type { Clock } from "../../ports/system.ts";
import { type BusOptions, embeddedBus, fanOutOptions } from "./bus-options.ts";
import { Database } from "./database.ts";
import type { EmbeddedEngine } from "./embedded-engine.ts";
import { GroupCommit } from "./group-commit.ts";
import { takeOwnership } from "./ownership.ts";
import { retentionLimits } from "./retention.ts";
import { migrate } from "./schema.ts";
import { conversationSql, SqliteConversations } from "./sqlite-conversations.ts";
import { SqliteFreezes } from "./sqlite-freezes.ts";
import { SqliteNotes } from "./sqlite-notes.ts";
import { SqliteQueue } from "./sqlite-queue.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { workSql } from "./sqlite-work.ts";

/**
 * Opens the file for this process alone, creating it with mode 0600 when it is not there. Claims and leases of the
 * owner before are void. Throws `store-locked` when a living process has it, `store-unavailable` when it cannot be
 * used, `state-newer` when a newer Gantry wrote a state in it that this one must not go on with.
 */
export function openSqlite(
  params: Readonly<{ file: string; clock: Clock; bus?: BusOptions }>,
): EmbeddedEngine {
  const { clock, bus: options = {} } = params;
  const file = realFile(params.file);
  const ownership = takeOwnership({ file, pid: process.pid, now: clock.now() });
  try {
    const database = openDatabase(file);
    const writer = new GroupCommit(database);
    const queue = new SqliteQueue({ database, writer, clock, options: fanOutOptions(options) });
    const store = new SqliteStore({ database, writer, queue, clock });
    const freezes = new SqliteFreezes({ database, writer });
    const bus = embeddedBus({ queue, clock, options });
    const close = async (): Promise<void> => {
      await bus.stop({ graceMs: 0 });
      writer.close();
      ownership.release();
    };
    const prune: EmbeddedEngine["prune"] = ({ now }) => {
      const limits = retentionLimits(now);
      const work = (): void => {
        store.prune(limits);
        queue.prune(limits);
        freezes.prune(limits);
      };
      return writer.run({ durable: false, work });
    };
    const conversations = new SqliteConversations({ database, writer });
    const notes = new SqliteNotes({ database, writer });
    return { store, conversations, freezes, notes, bus, prune, close };
  } catch (error) {
    ownership.release();
    throw error;
  }
}

/**
 * The log is carried over into the file every 8,000 pages (32 MiB) instead of every 1,000: the commit that does it waits
 * for several fsyncs, and pages that were written many times meanwhile are carried over once.
 */
function openDatabase(file: string): Database {
  const database = new Database({ file, busyTimeoutMs: 5000 });
  try {
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8000",
    );
    migrate(database);
    refuseNewer(database);
    database.exec(
      `BEGIN IMMEDIATE; ${workSql.voidClaims}; ${conversationSql.voidClaims}; ${voidDeliveries}; COMMIT`,
    );
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** One process has the file: what it must not go on with it would leave lying for as long as it runs. */
function refuseNewer(database: Database): void {
  const newer = `SELECT version, state FROM services WHERE json_extract(state, '$.schema.reader') > ? ORDER BY key LIMIT 1`;
  const row = database.prepare<{ version: number; state: string }>(newer).one(schema);
  if (row !== null) toDecideOn({ state: JSON.parse(row.state), version: row.version });
}

const voidDeliveries = `UPDATE messages
  SET claimed = 0, ready_at = 0, last_error = 'the process ended while it handled this message' WHERE claimed = 1`;

/** The file behind every link, so that two names of one file meet the same lock. */
function realFile(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return join(realFolder(dirname(file)), basename(file));
  }
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder; // created with the file
  }
}
