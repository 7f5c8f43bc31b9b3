import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemory } from "../../shared/adapters/memory/open-memory.ts";
import type { BusOptions } from "../../shared/adapters/sqlite/bus-options.ts";
import type { EmbeddedEngine } from "../../shared/adapters/sqlite/embedded-engine.ts";
import { openSqlite } from "../../shared/adapters/sqlite/open-sqlite.ts";
import type { JsonValue } from "../../shared/domain/release-config.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import type { OpenedBus } from "./bus.contract.ts";
import { contractTopic, type OpenedStore } from "./store.contract.ts";

/** An engine with the clock that it runs on; closing it removes its file too. */
export type Engine = Readonly<{
  engine: EmbeddedEngine;
  clock: ManualClock;
  close: () => Promise<void>;
}>;

/** An engine in memory on a clock of its own. */
export function memoryEngine(bus: BusOptions = {}): Engine {
  const clock = new ManualClock();
  const engine = openMemory({ clock, bus });
  return { engine, clock, close: engine.close };
}

/** An engine on a file that goes with it. */
export function sqliteEngine(bus: BusOptions = {}): Engine {
  const clock = new ManualClock();
  const folder = mkdtempSync(join(tmpdir(), "gantry-store-"));
  const engine = openSqlite({ file: join(folder, "gantry.db"), clock, bus });
  const close = async () => {
    await engine.close();
    rmSync(folder, { recursive: true });
  };
  return { engine, clock, close };
}

/** The engine as the store contract wants it. */
export function asStore({ engine, close }: Engine): OpenedStore {
  const got: JsonValue[] = [];
  engine.bus.subscribe({
    name: "contract",
    topic: contractTopic,
    handler: async (event) => {
      got.push(JSON.parse(Buffer.from(event.data.message.data, "base64").toString("utf8")));
    },
    ackDeadlineMs: 10_000,
    maxAttempts: 1,
    minBackoffMs: 1,
    maxBackoffMs: 1,
  });
  engine.bus.start();
  const published = async () => {
    await settle();
    return got;
  };
  return { store: engine.store, published, close };
}

/** The engine as the bus contract wants it. */
export function asBus({ engine, clock, close }: Engine): OpenedBus {
  return {
    bus: engine.bus,
    begin: async (subscriptions) => {
      for (const subscription of subscriptions) engine.bus.subscribe(subscription);
      engine.bus.start();
    },
    pass: (ms) => clock.advance(ms),
    timing: { ackDeadlineMs: 1000, minBackoffMs: 100, maxBackoffMs: 400 },
    close,
  };
}
