import { join } from "node:path";
import Libsql from "libsql";
import { type Figure, spread } from "./figures.ts";

/** About what one commit of a release writes: its service's state and one event. */
const state = JSON.stringify({ state: "x".repeat(2_000) });
const event = JSON.stringify({ event: "x".repeat(300) });

/**
 * What the disk itself costs: one transaction with one insert and one update, on the disk before it returns (WAL,
 * `synchronous = FULL`), one after the other and with nothing else to do.
 */
export function bareCommits(directory: string, runs: number): Figure {
  const database = new Libsql(join(directory, "bare.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
  database.exec("CREATE TABLE events (position INTEGER PRIMARY KEY, event TEXT) STRICT");
  database.exec("CREATE TABLE services (key TEXT PRIMARY KEY, state TEXT) STRICT");
  const append = database.prepare("INSERT INTO events (event) VALUES (?)");
  const save = database.prepare("INSERT OR REPLACE INTO services (key, state) VALUES (?, ?)");
  const commit = (key: number): number => {
    const began = performance.now();
    database.exec("BEGIN IMMEDIATE");
    append.run(event);
    save.run(`service-${key}`, state);
    database.exec("COMMIT");
    return performance.now() - began;
  };
  for (let run = 0; run < 50; run += 1) commit(run);
  const took = Array.from({ length: runs }, (_, run) => commit(run % 50));
  database.close();
  return spread({ name: "bare SQLite commit, same disk", unit: "ms" }, took);
}
