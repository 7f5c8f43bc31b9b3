import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Database } from "./database.ts";
import { migrate } from "./schema.ts";
import { freezeSql } from "./sqlite-freezes.ts";
import { lookupSql } from "./sqlite-lookup.ts";
import { noteSql } from "./sqlite-notes.ts";
import { queueSql } from "./sqlite-queue.ts";
import { commitSql } from "./sqlite-store.ts";
import { workSql } from "./sqlite-work.ts";

describe("a query of the SQLite store", () => {
  let folder: string;
  let database: Database;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gantry-plan-"));
    database = new Database({ file: join(folder, "test.db"), busyTimeoutMs: 0 });
    migrate(database);
  });
  after(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const { services: _listsAll, ...lookups } = lookupSql;
  const queries = [commitSql, workSql, lookups, queueSql, freezeSql, noteSql].flatMap((sql) =>
    Object.entries(sql),
  );
  for (const [name, sql] of queries)
    it(`${name} finds its rows by an index and sorts nothing`, () => {
      const plan = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all();
      const costly = plan.filter(({ detail }) => /USE TEMP B-TREE|^SCAN (?!\w+ USING)/.test(detail));
      expect(costly).to.deep.equal([]);
    });
});
