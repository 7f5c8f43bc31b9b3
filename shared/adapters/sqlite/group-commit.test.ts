import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { AppError } from "../../ports/app-error.ts";
import { Database } from "./database.ts";
import { GroupCommit } from "./group-commit.ts";

describe("GroupCommit", () => {
  let folder: string;
  let database: Database;
  let writer: GroupCommit;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gantry-group-"));
    database = new Database({ file: join(folder, "test.db"), busyTimeoutMs: 0 });
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT) STRICT");
    writer = new GroupCommit(database);
  });
  afterEach(() => {
    writer.close();
    rmSync(folder, { recursive: true });
  });
  const insert = (text: string) => database.prepare("INSERT INTO notes (text) VALUES (?)").run(text);
  const write = (text: string) => writer.run({ durable: true, work: () => insert(text) });
  const written = () =>
    database
      .prepare<{ text: string }>("SELECT text FROM notes ORDER BY id")
      .all()
      .map((row) => row.text);
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => null,
      (error: unknown) => error,
    );

  it("commits all operations of one turn together and answers each with its own result", async () => {
    const results = await Promise.all(
      [1, 2, 3].map((n) =>
        writer.run({
          durable: n === 2,
          work: () => {
            insert(`note ${n}`);
            return n;
          },
        }),
      ),
    );
    expect(results).to.deep.equal([1, 2, 3]);
    expect(written()).to.deep.equal(["note 1", "note 2", "note 3"]);
  });

  it("takes back an operation that throws, and nothing of its neighbours", async () => {
    const broken = writer.run({
      durable: true,
      work: () => {
        insert("half");
        throw new Error("broken");
      },
    });
    const [first, failure, last] = await Promise.all([write("first"), failureOf(broken), write("last")]);
    expect([first, last]).to.deep.equal([1, 1]);
    expect(failure).to.have.property("message", "broken");
    expect(written()).to.deep.equal(["first", "last"]);
  });

  it("keeps more operations than one group holds in their order", async () => {
    const texts = Array.from({ length: 600 }, (_, n) => `note ${n}`);
    await Promise.all(texts.map(write));
    expect(written()).to.deep.equal(texts);
  });

  it("says that the disk is full, writes no half of anything, and goes on when there is room", async () => {
    database.exec("PRAGMA max_page_count = 6");
    await write("small");
    const failure = await failureOf(write("x".repeat(100_000)));
    expect(failure).to.be.instanceOf(AppError).and.to.include({ code: "store-unavailable", transient: true });
    expect(failure).to.have.property("message").that.includes("test.db: the disk is full");
    expect(written()).to.deep.equal(["small"]);
    database.exec("PRAGMA max_page_count = 1000");
    await write("x".repeat(100_000));
    expect(written()).to.have.length(2);
  });

  it("says that the file is read-only", async () => {
    database.exec("PRAGMA query_only = ON");
    const failure = await failureOf(write("never"));
    expect(failure)
      .to.be.instanceOf(AppError)
      .and.to.include({ code: "store-unavailable", transient: false });
    expect(failure).to.have.property("message").that.includes("may not be written");
  });

  it("fails the whole group when the transaction cannot begin, and the next one goes through", async () => {
    const other = new Database({ file: database.file, busyTimeoutMs: 0 });
    other.exec("BEGIN IMMEDIATE");
    const failures = await Promise.all([failureOf(write("one")), failureOf(write("two"))]);
    for (const failure of failures)
      expect(failure).to.include({ code: "store-unavailable", transient: true });
    other.exec("ROLLBACK");
    other.close();
    await write("three");
    expect(written()).to.deep.equal(["three"]);
  });

  it("fails the whole group when the database ended its transaction", async () => {
    const ending = writer.run({
      durable: true,
      work: () => {
        database.exec("ROLLBACK");
        throw new Error("the disk went away");
      },
    });
    const failures = await Promise.all([failureOf(write("neighbour")), failureOf(ending)]);
    for (const failure of failures) expect(failure).to.have.property("message", "the disk went away");
    expect(written()).to.deep.equal([]);
  });
});
