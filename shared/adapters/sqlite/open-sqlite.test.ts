import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  commitOf,
  monday,
  numberedService,
  refusal,
  requested,
  serviceKey,
  serviceState,
  work,
} from "../../../test/support/fixtures.ts";
import { ManualClock, settle } from "../../../test/support/manual-clock.ts";
import { additiveMark, newerMark, newerState, newerWork } from "../../../test/support/newer-gantry.ts";
import { schema } from "../../domain/schema.ts";
import { AppError } from "../../ports/app-error.ts";
import type { Subscription } from "../../ports/bus.ts";
import { Database } from "./database.ts";
import { openSqlite } from "./open-sqlite.ts";
import { takeOwnership } from "./ownership.ts";

const day = 86_400_000;

function errorOf(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("openSqlite()", () => {
  let folder: string;
  let file: string;
  let clock: ManualClock;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gantry-sqlite-"));
    file = join(folder, "data", "gantry.db");
    clock = new ManualClock();
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const open = () => openSqlite({ file, clock });
  const subscription = (
    handler: Subscription["handler"],
    changes: Partial<Subscription> = {},
  ): Subscription => ({
    name: "test",
    topic: "test",
    handler,
    ackDeadlineMs: 1000,
    maxAttempts: 3,
    minBackoffMs: 100,
    maxBackoffMs: 400,
    ...changes,
  });
  const message = (data: string) => ({ topic: "test", id: null, data, attributes: {} });

  it("creates folder and files for their owner alone", async () => {
    const engine = open();
    await engine.store.commit(commitOf());
    for (const name of ["", "-wal", "-shm", ".lock", ".owner"])
      expect(statSync(file + name).mode & 0o077, `gantry.db${name}`).to.equal(0);
    expect(statSync(join(folder, "data")).mode & 0o077).to.equal(0);
    await engine.close();
  });

  it("finds again what was committed before it was closed", async () => {
    const first = open();
    await first.store.commit(commitOf({ cause: "message-1", owed: [work()] }));
    await first.close();
    const engine = open();
    expect((await engine.store.load(serviceKey())).version).to.equal(1);
    expect(await engine.store.commit(commitOf({ cause: "message-1" }))).to.deep.equal({
      outcome: "duplicate",
    });
    expect((await engine.store.commit(commitOf({ expectedVersion: 1 }))).outcome).to.equal("committed");
    expect(
      (await engine.store.eventsAfter({ after: 0, limit: 9 })).map((each) => each.sequence),
    ).to.deep.equal([1, 2]);
    await engine.close();
  });

  it("commits what was asked for before it closes, and refuses everything after", async () => {
    const engine = open();
    const pending = engine.store.commit(commitOf());
    const closing = engine.close();
    expect((await pending).outcome).to.equal("committed");
    await closing;
    const late = [() => engine.store.load(serviceKey()), () => engine.store.commit(commitOf())];
    for (const act of late) {
      const error = await act().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(AppError).with.property("message").that.includes("is closed");
    }
    await engine.close();
  });

  it("refuses a file that this process has open already, and leaves it to its owner", async () => {
    const engine = open();
    expect(errorOf(open).code).to.equal("store-locked");
    expect(errorOf(open).message).to.include(`process ${process.pid} since 2026-01-05T09:00:00.000Z`);
    expect((await engine.store.commit(commitOf())).outcome).to.equal("committed");
    await engine.close();
    await open().close();
  });

  it("names no process where the owner has not told yet who it is", async () => {
    const engine = open();
    for (const text of ["{", "null", '{"pid":"x","since":1}']) {
      writeFileSync(`${file}.owner`, text);
      expect(errorOf(open).message).to.include("is in use by another process; stop that one, or");
    }
    await engine.close();
  });

  it("gives the file free when it cannot be opened", () => {
    mkdirFor(file);
    writeFileSync(file, "this is no database ".repeat(100));
    const error = errorOf(open);
    expect(error).to.include({ code: "store-unavailable", transient: false });
    expect(error.message).to.include("gantry.db: the file is no Gantry store");
    takeOwnership({ file, pid: process.pid, now: 0 }).release();
  });

  it("says so when the folder cannot hold the file", () => {
    writeFileSync(join(folder, "file"), "");
    file = join(folder, "file", "gantry.db");
    expect(errorOf(open).code).to.equal("store-unavailable");
    file = join(folder, "data");
    mkdirSync(file);
    expect(errorOf(open).message).to.include("the file cannot be opened");
  });

  it("refuses a file that a newer Gantry wrote", async () => {
    await open().close();
    const database = new Database({ file, busyTimeoutMs: 0 });
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(errorOf(open).message).to.include("was written by a newer Gantry (tables of version 99");
  });

  it("refuses a file with a state that only a newer Gantry may go on with, and leaves it as it was", async () => {
    const first = open();
    await first.store.commit(commitOf({ service: numberedService(1), owed: [work()] }));
    await first.store.commit(commitOf({ state: newerState(), owed: [newerWork()] }));
    await first.close();
    const error = errorOf(open);
    expect(error).to.include({ code: "state-newer" });
    expect(error.message).to.include(serviceKey()).and.include("--direct");
    const database = new Database({ file, busyTimeoutMs: 0 });
    const rows = database.prepare<{ state: string }>("SELECT state FROM services ORDER BY key").all();
    database.close();
    const marks = rows.map(({ state }) => JSON.parse(state).schema);
    expect(marks).to.deep.equal([newerMark, { writer: schema, reader: 1 }]);
  });

  it("opens a file that a newer Gantry wrote additively", async () => {
    const first = open();
    await first.store.commit(commitOf({ state: { ...serviceState(), schema: additiveMark } }));
    await first.close();
    const engine = open();
    expect((await engine.store.load(serviceKey())).version).to.equal(1);
    await engine.close();
  });

  it("voids the claims of the owner before", async () => {
    const first = open();
    await first.store.commit(commitOf({ owed: [work()] }));
    const claim = { id: work().id, now: monday, leaseMs: 60_000 };
    await first.store.claimWork({ ...claim, owner: "dead" });
    await first.close();
    const engine = open();
    expect(await engine.store.claimWork({ ...claim, owner: "new" })).to.include({
      attempt: 2,
      claimedBy: "new",
    });
    await engine.close();
  });

  it("delivers at once what the owner before was handling, and what came while nobody did", async () => {
    const first = open();
    first.bus.subscribe(subscription(() => new Promise<void>(() => {})));
    first.bus.start();
    await first.bus.publish([message("handled")]);
    await settle();
    await first.bus.stop({ graceMs: 0 });
    await first.bus.publish([message("kept")]);
    await first.close();
    const engine = open();
    await engine.bus.publish([message("before the handler")]);
    const got: string[] = [];
    engine.bus.subscribe(
      subscription(async (event) => void got.push(Buffer.from(event.data.message.data, "base64").toString())),
    );
    engine.bus.start();
    await settle();
    expect(got).to.deep.equal(['"handled"', '"kept"', '"before the handler"']);
    await engine.close();
  });

  it("buries a message whose every attempt ended with the process", async () => {
    for (let run = 0; run < 3; run += 1) {
      const engine = open();
      engine.bus.subscribe(subscription(() => new Promise<void>(() => {})));
      if (run === 0) await engine.bus.publish([message("killer")]);
      engine.bus.start();
      await settle();
      await engine.close();
    }
    const engine = open();
    engine.bus.subscribe(subscription(async () => {}));
    engine.bus.start();
    await settle();
    const [letter] = await engine.bus.deadLetters({ limit: 9 });
    expect(letter).to.include({ attempts: 3, lastError: "the process ended while it handled this message" });
    await engine.close();
  });

  it("keeps what waits for a handler however old it is, and forgets what waits for none after 7 days", async () => {
    const first = open();
    first.bus.subscribe(subscription(async () => {}, { name: "gone" }));
    first.bus.subscribe(subscription(async () => {}));
    await first.bus.publish([message("old")]);
    await first.close();
    await clock.advance(8 * day);
    const second = open();
    second.bus.subscribe(subscription(async () => {}));
    await second.bus.publish([message("new")]);
    await second.prune({ now: clock.now() });
    await second.close();
    const got: string[] = [];
    const collect = (name: string) =>
      subscription(async (event) => void got.push(`${name} ${event.data.message.publishTime.slice(0, 10)}`), {
        name,
      });
    const third = open();
    for (const name of ["gone", "test"]) third.bus.subscribe(collect(name));
    third.bus.start();
    await settle();
    expect(got).to.have.members(["gone 2026-01-13", "test 2026-01-05", "test 2026-01-13"]);
    await third.close();
  });

  it("forgets ids, dead letters and refusals only when they are old enough", async () => {
    const engine = open();
    engine.bus.subscribe(subscription(() => Promise.reject(new Error("no")), { maxAttempts: 1 }));
    engine.bus.start();
    const once = { ...message("once"), id: "once" };
    await engine.store.commit(commitOf({ cause: "message-1" }));
    await engine.store.recordRefusal(refusal());
    await engine.bus.publish([once]);
    await settle();
    await engine.prune({ now: monday + 7 * day });
    expect((await engine.store.commit(commitOf({ cause: "message-1" }))).outcome).to.equal("duplicate");
    await engine.bus.publish([once]);
    await settle();
    expect(await engine.bus.deadLetters({ limit: 9 })).to.have.length(1);
    await engine.prune({ now: monday + 91 * day });
    expect(await engine.bus.deadLetters({ limit: 9 })).to.deep.equal([]);
    expect(await engine.store.refusals({ limit: 9 })).to.deep.equal([]);
    const elsewhere = commitOf({ service: numberedService(2), cause: "message-1", events: [requested()] });
    expect((await engine.store.commit(elsewhere)).outcome).to.equal("committed");
    await engine.bus.publish([once]);
    await settle();
    expect(await engine.bus.deadLetters({ limit: 9 })).to.have.length(1);
    await engine.close();
  });
});

function mkdirFor(file: string): void {
  takeOwnership({ file, pid: 0, now: 0 }).release();
}
