import { AppError } from "../../ports/app-error.ts";
import type { Database } from "./database.ts";

/** One entry a version of the file; entries are never changed, only added. */
const migrations: readonly string[] = [
  `
  CREATE TABLE services (
    key TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    state TEXT NOT NULL
  ) STRICT;

  CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    release_id TEXT NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (service, sequence)
  ) STRICT;
  CREATE INDEX events_by_release ON events (release_id, position);

  CREATE TABLE releases (
    id TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX releases_newest ON releases (requested_at, id);
  CREATE INDEX releases_newest_of_service ON releases (service, requested_at, id);

  CREATE TABLE work (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    service TEXT NOT NULL,
    release_id TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    lane TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT,
    lease_until INTEGER,
    last_error TEXT,
    ready_at INTEGER NOT NULL GENERATED ALWAYS AS (max(due_at, coalesce(lease_until, 0))) STORED
  ) STRICT;
  CREATE INDEX work_of_service ON work (service, due_at, id);
  CREATE INDEX work_due ON work (due_at, id);
  CREATE INDEX work_ready ON work (ready_at);
  CREATE INDEX work_claimed ON work (claimed_by) WHERE claimed_by IS NOT NULL;

  CREATE TABLE configs (hash TEXT PRIMARY KEY, config TEXT NOT NULL) STRICT;

  CREATE TABLE seen (cause TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
  CREATE INDEX seen_by_age ON seen (at);

  CREATE TABLE refusals (id TEXT PRIMARY KEY, at INTEGER NOT NULL, refusal TEXT NOT NULL) STRICT;
  CREATE INDEX refusals_newest ON refusals (at, id);

  CREATE TABLE subscriptions (name TEXT PRIMARY KEY, topic TEXT NOT NULL) STRICT;
  CREATE INDEX subscriptions_of_topic ON subscriptions (topic, name);

  CREATE TABLE published (
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (topic, key)
  ) STRICT;
  CREATE INDEX published_by_age ON published (at);

  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription TEXT NOT NULL,
    topic TEXT NOT NULL,
    key TEXT,
    message_id TEXT NOT NULL,
    data TEXT NOT NULL,
    attributes TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    claimed INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE INDEX messages_ready ON messages (subscription, ready_at, id);

  CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY,
    subscription TEXT NOT NULL,
    topic TEXT NOT NULL,
    key TEXT,
    message_id TEXT NOT NULL,
    data TEXT NOT NULL,
    attributes TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    dead_at INTEGER NOT NULL,
    replayed_at INTEGER
  ) STRICT;
  CREATE INDEX dead_letters_newest ON dead_letters (dead_at, id);
  `,
  `
  CREATE TABLE conversations (
    key TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    digest TEXT,
    wanted INTEGER NOT NULL,
    due_at INTEGER,
    claimed_by TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    ready_at INTEGER GENERATED ALWAYS AS (CASE WHEN due_at IS NULL THEN NULL ELSE max(due_at, lease_until) END) STORED
  ) STRICT;
  CREATE INDEX conversations_due ON conversations (due_at, key) WHERE due_at IS NOT NULL;
  CREATE INDEX conversations_ready ON conversations (ready_at) WHERE ready_at IS NOT NULL;
  CREATE INDEX conversations_of_channel ON conversations (channel, begun_at);
  CREATE INDEX conversations_in_digest ON conversations (digest, begun_at, key) WHERE digest IS NOT NULL;
  CREATE INDEX conversations_claimed ON conversations (claimed_by) WHERE claimed_by IS NOT NULL;
  `,
  `
  CREATE TABLE freezes (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    open_until INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX freezes_open ON freezes (open_until);
  CREATE INDEX freezes_newest ON freezes (at, id);
  CREATE INDEX freezes_ended ON freezes (ended_at);
  `,
  "CREATE TABLE chat_lanes (lane TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;",
  "CREATE TABLE notes (key TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;",
];

/** Brings the file to this version's tables, all in one transaction. Throws when a newer Gantry wrote it. */
export function migrate(database: Database): void {
  const found = database.prepare<{ user_version: number }>("PRAGMA user_version").one()?.user_version ?? 0;
  if (found > migrations.length)
    throw new AppError({
      code: "store-unavailable",
      message: `${database.file} was written by a newer Gantry (tables of version ${found}, this one knows ${migrations.length}); use that one`,
      transient: false,
      context: { file: database.file, found, known: migrations.length },
    });
  if (found === migrations.length) return;
  database.exec(
    `BEGIN IMMEDIATE; ${migrations.slice(found).join("\n")} PRAGMA user_version = ${migrations.length}; COMMIT;`,
  );
}
