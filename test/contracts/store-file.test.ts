import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openSqlite } from "../../shared/adapters/sqlite/open-sqlite.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import { realClock } from "../support/real-clock.ts";
import { countingService, countingSubscription, writtenServices } from "../support/store-process.ts";

const program = fileURLToPath(new URL("../support/store-process.ts", import.meta.url));

type Told = Readonly<{
  open?: true;
  counted?: string;
  service?: ServiceKey;
  version?: number;
  error?: string;
}>;
type Owner = Readonly<{
  child: ChildProcess;
  told: Told[];
  opened: Promise<void>;
  kill: () => Promise<void>;
}>;

function startOwner(mode: "hold" | "commit", file: string): Owner {
  const child = spawn(process.execPath, ["--import", "tsx", program, mode, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const told: Told[] = [];
  let unread = "";
  let onTold = () => {};
  const opened = new Promise<void>((resolve) => {
    onTold = resolve;
  });
  const closed = once(child, "close");
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (unread + text).split("\n");
    unread = lines.pop() ?? "";
    told.push(...lines.map((line) => JSON.parse(line)));
    onTold();
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await closed;
  };
  return { child, told, opened, kill };
}

/** The error that opening the file gives; fails when it opens. */
function refusalOf(file: string): AppError {
  try {
    openSqlite({ file, clock: realClock });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${file} could be opened`);
}

/** Numbers that look random and are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("a store file", () => {
  let folder: string;
  let file: string;
  const owners: Owner[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gantry-owner-"));
    file = join(folder, "gantry.db");
  });
  afterEach(async () => {
    await Promise.all(owners.splice(0).map((owner) => owner.kill()));
    rmSync(folder, { recursive: true });
  });
  const start = (mode: "hold" | "commit"): Owner => {
    const owner = startOwner(mode, file);
    owners.push(owner);
    return owner;
  };

  it("that another process has is refused with who, since when, and what to type, until that process is killed", async () => {
    const owner = start("hold");
    await owner.opened;
    const refused = refusalOf(file);
    expect(refused).to.include({ code: "store-locked", transient: false });
    const { pid } = owner.child;
    expect(refused.message).to.match(
      new RegExp(`gantry.db is in use by process ${pid} since 20[^ ]+Z; stop it with \`kill ${pid}\`, or `),
    );
    const alias = join(folder, "alias.db");
    symlinkSync(file, alias);
    expect(refusalOf(alias).code).to.equal("store-locked");
    await owner.kill();
    await openSqlite({ file, clock: realClock }).close();
  });

  it("goes to exactly one of two processes that start at once", async () => {
    const pair = [start("hold"), start("hold")];
    await Promise.all(pair.map((owner) => owner.opened));
    const answers = pair.map((owner) => (owner.told[0]?.open === true ? "open" : owner.told[0]?.error));
    expect(answers).to.include("open");
    expect(answers.find((answer) => answer !== "open")).to.include("gantry.db is in use by process");
  });

  it("killed at random moments keeps every acknowledged commit and message, and folds to its states", async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`      seed ${seed}`);
    const random = randomFrom(seed);
    const acknowledged = new Map<ServiceKey, number>();
    const counted: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const owner = start("commit");
      await owner.opened;
      await realClock.sleep({ ms: 20 + random() * 150, signal: new AbortController().signal });
      await owner.kill();
      for (const { service, version, counted: id, error } of owner.told) {
        expect(error, `seed ${seed}`).to.equal(undefined);
        if (id !== undefined) counted.push(id);
        if (service !== undefined && version !== undefined) acknowledged.set(service, version);
      }
    }
    const engine = openSqlite({ file, clock: realClock });
    const { store, bus } = engine;
    const before = (await store.load(countingService)).version;
    let late = 0;
    bus.subscribe(
      countingSubscription(store, () => {
        late += 1;
      }),
    );
    bus.start();
    let commits = 0;
    for (const service of writtenServices) {
      const { state, version } = await store.load(service);
      expect(version, `seed ${seed}`).to.be.at.least(acknowledged.get(service) ?? 1);
      const events = (await store.eventsAfter({ after: 0, limit: 1_000_000 })).filter(
        (stored) => stored.service === service,
      );
      expect(events.map(({ sequence }) => sequence)).to.deep.equal(events.map((_, index) => index + 1));
      const folded = events.map(({ event }) => event.type === "digest-quarantined" && event.why);
      expect(folded).to.have.length(version);
      expect(state.quarantine.map(({ why }) => why)).to.deep.equal(folded.slice(-100));
      commits += version;
    }
    while (before + late < commits) await realClock.sleep({ ms: 5, signal: new AbortController().signal });
    expect(await bus.stop({ graceMs: 1000 })).to.equal(0);
    expect((await store.load(countingService)).version, `seed ${seed}`).to.equal(commits);
    expect(counted.length, `seed ${seed}`).to.be.at.most(before);
    expect(new Set(counted).size).to.equal(counted.length);
    expect(await bus.deadLetters({ limit: 1 })).to.deep.equal([]);
    await engine.close();
  });
});
