import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type GoogleEmulator, startFirestoreEmulator } from "../../emulator/google/google-emulator.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import { newService } from "../../shared/domain/service-state.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { Store } from "../../shared/ports/store.ts";
import { type CuttableLine, cuttableLine } from "../support/cuttable-line.ts";
import { commitOf, numberedService, requested, serviceKey, work } from "../support/fixtures.ts";
import { ownPrograms, sharedFirestore, uniqueProject } from "../support/google-emulators.ts";
import { firestoreEngine } from "./firestore-engine.ts";

const key = serviceKey();

/** Commits one event more to the service, as a use case does: again from the start after a conflict. */
async function commitOnce(store: Store, service: ServiceKey): Promise<number> {
  for (;;) {
    const { version } = await store.load(service);
    const result = await store.commit(
      commitOf({ service, expectedVersion: version, state: newService(service) }),
    );
    if (result.outcome === "committed") return result.version;
  }
}

/** All events as one who follows them sees them, until there are so many. */
async function followed(store: Store, count: number): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let after = 0; seen.length < count; ) {
    const events = await store.eventsAfter({ after, limit: 7 });
    for (const { position, service, sequence } of events) {
      expect(position).to.be.at.least(after);
      after = position;
      seen.push(`${service}#${sequence}`);
    }
    if (events.length === 0) await sleep(10);
  }
  return seen;
}

describe("several processes on one Firestore", () => {
  let host: string;
  before(async function () {
    ({ host } = await sharedFirestore(this));
  });

  it("commit every version of a service once, whoever comes first", async function () {
    this.timeout(60_000);
    const project = uniqueProject();
    const engines = [1, 2, 3].map(() => firestoreEngine(host, { project }).engine);
    const versions = await Promise.all(
      engines.flatMap(({ store }) => Array.from({ length: 5 }, () => commitOnce(store, key))),
    );
    expect(versions.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 15 }, (_, n) => n + 1));
    await Promise.all(engines.map(({ close }) => close()));
  });

  it("give a piece of work to one of them, and a lane too", async function () {
    this.timeout(60_000);
    const project = uniqueProject();
    const engines = [1, 2, 3, 4].map(() => firestoreEngine(host, { project }).engine);
    const pieces = ["move-traffic", "restore-stable"].map((kind, n) =>
      work({ kind: n === 0 ? "move-traffic" : "restore-stable", lane: "traffic", of: kind }),
    );
    await engines[0]?.store.commit(commitOf({ owed: pieces }));
    const claims = await Promise.all(
      engines.flatMap(({ store }, n) =>
        pieces.map(({ id, dueAt }) =>
          store.claimWork({ id, owner: `owner-${n}`, now: dueAt, leaseMs: 1_000 }),
        ),
      ),
    );
    expect(claims.filter((claimed) => claimed !== null)).to.have.length(1);
    await Promise.all(engines.map(({ close }) => close()));
  });

  it("are followed event by event without missing one, while they race", async function () {
    this.timeout(60_000);
    const project = uniqueProject();
    const engines = [1, 2, 3, 4].map(() => firestoreEngine(host, { project }).engine);
    const [reader] = [firestoreEngine(host, { project }).engine];
    const following = followed(reader.store, 4 * 30);
    await Promise.all(
      engines.map(async ({ store }, n) => {
        const services = Array.from({ length: 10 }, (_, m) => numberedService(n * 10 + m));
        await Promise.all(
          services.map(async (service) => {
            for (let version = 0; version < 3; version += 1)
              await store.commit(commitOf({ service, expectedVersion: version, events: [requested()] }));
          }),
        );
      }),
    );
    const seen = await following;
    expect(new Set(seen).size).to.equal(120);
    const all = await reader.store.eventsAfter({ after: 0, limit: 1_000 });
    expect(all.map(({ service, sequence }) => `${service}#${sequence}`)).to.deep.equal(seen);
    expect(await reader.store.lastPosition()).to.equal(all.at(-1)?.position);
    await Promise.all([...engines, reader].map(({ close }) => close()));
  });
});

describe("Firestore on a bad day", () => {
  let emulator: GoogleEmulator;
  let line: CuttableLine;
  before(async function () {
    emulator = await startFirestoreEmulator(await ownPrograms(this));
  });
  beforeEach(async function () {
    this.timeout(60_000);
    line = await cuttableLine(emulator.host);
  });
  afterEach(() => line.close());
  after(() => emulator?.stop());

  const open = (changes: Parameters<typeof firestoreEngine>[1] = {}) =>
    firestoreEngine(line.host, { deadlines: { callMs: 1_000, totalMs: 3_000 }, ...changes }).engine;

  it("out of reach is an error that may pass, and all is as before once it is back", async () => {
    const { store, close } = open();
    await store.commit(commitOf());
    await line.cut();
    const refused = await store.load(key).then(
      () => expect.fail("it answered"),
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(AppError).and.to.include({ code: "store-unavailable", transient: true });
    expect(String(refused)).to.contain("Traffic stays as it is");
    const late = store.commit(commitOf({ expectedVersion: 1 }));
    await sleep(500);
    await line.mend();
    expect(await late).to.deep.equal({ outcome: "committed", version: 2 });
    await close();
  });

  it("that swallows the answer to a commit is asked what became of it, and the commit stands once", async () => {
    const { store, close } = open();
    await store.commit(commitOf());
    line.swallowAnswers(true);
    const late = store.commit(commitOf({ expectedVersion: 1, cause: "message-1" }));
    await sleep(700);
    line.swallowAnswers(false);
    expect(await late).to.deep.equal({ outcome: "committed", version: 2 });
    const again = commitOf({ expectedVersion: 2, cause: "message-1" });
    expect(await store.commit(again)).to.deep.equal({ outcome: "duplicate" });
    expect(await store.eventsAfter({ after: 0, limit: 9 })).to.have.length(2);
    await close();
  });

  it("that stands still under load loses nothing that it acknowledged, and does nothing twice", async () => {
    const { store, close } = open({ deadlines: { callMs: 2_000, totalMs: 20_000 } });
    const services = Array.from({ length: 6 }, (_, n) => numberedService(n));
    const load = services.map(async (service) => {
      const versions: number[] = [];
      for (let n = 0; n < 6; n += 1) versions.push(await commitOnce(store, service));
      return versions;
    });
    await sleep(100);
    process.kill(emulator.pid, "SIGSTOP");
    await sleep(3_000);
    process.kill(emulator.pid, "SIGCONT");
    for (const versions of await Promise.all(load)) expect(versions).to.deep.equal([1, 2, 3, 4, 5, 6]);
    const events = await store.eventsAfter({ after: 0, limit: 1_000 });
    expect(events).to.have.length(36);
    await close();
  });

  it("lets a worker that stood still for longer than its lease do nothing any more", async () => {
    const project = uniqueProject();
    const { store, close } = firestoreEngine(emulator.host, { project }).engine;
    const piece = work({ dueAt: Date.now() });
    await store.commit(commitOf({ owed: [piece] }));
    const worker = startWorker([emulator.host, project, piece.id, "1000"]);
    try {
      expect(await worker.said()).to.deep.equal({ attempt: 1 });
      worker.child.kill("SIGSTOP");
      await sleep(1_100);
      const taken = await store.claimWork({ id: piece.id, owner: "two", now: Date.now(), leaseMs: 60_000 });
      expect(taken).to.include({ attempt: 2, claimedBy: "two" });
      const live = await store.commit(commitOf({ expectedVersion: 1, owed: [piece], events: [] }));
      expect(live).to.have.property("outcome", "committed");
      worker.child.kill("SIGCONT");
      worker.child.stdin?.write("go\n");
      expect(await worker.said()).to.deep.equal({ renewed: false, outcome: "conflict" });
      const [left] = await store.owedWork(key);
      expect(left).to.include({ attempt: 2, claimedBy: "two", lastError: null });
    } finally {
      worker.child.kill("SIGKILL");
      await close();
    }
  });
});

type Worker = Readonly<{ child: ChildProcess; said: () => Promise<unknown> }>;

function startWorker(args: readonly string[]): Worker {
  const program = fileURLToPath(new URL("../support/firestore-worker.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = child.stdout === null ? null : createInterface({ input: child.stdout });
  const said = async (): Promise<unknown> => {
    if (lines === null) throw new Error("the worker has no output");
    const [line] = await once(lines, "line");
    return JSON.parse(String(line));
  };
  return { child, said };
}
