import { subscriptions } from "../../functions/subscriptions.ts";
import type { PushDoor } from "../../service/service-deps.ts";
import type { BusOptions } from "../../shared/adapters/sqlite/bus-options.ts";
import type { EmbeddedEngine } from "../../shared/adapters/sqlite/embedded-engine.ts";
import { openSqlite } from "../../shared/adapters/sqlite/open-sqlite.ts";
import { randomIds } from "../../shared/adapters/system/random-ids.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import type { ChatPort } from "../../shared/ports/chat.ts";
import type { Meters } from "../../shared/ports/meters.ts";
import type { WaitingMessages } from "../../shared/ports/readings.ts";
import type { Clock, Log } from "../../shared/ports/system.ts";
import type { Tracing } from "../../shared/ports/tracing.ts";
import { delivering } from "../../shared/usecases/delivery.ts";
import type { Deps, Settings } from "../../shared/usecases/deps.ts";
import type { Desk } from "../../shared/usecases/desk.ts";
import { createDesk } from "../../shared/usecases/gantry-desk.ts";
import { RunningWork } from "../../shared/usecases/running-work.ts";
import type { CloudPorts } from "./cloud-ports.ts";
import { defaultSettings } from "./default-settings.ts";
import { observers } from "./observers.ts";
import { embeddedDoor } from "./push-door.ts";
import type { PushTrust } from "./push-trust.ts";
import { Sweeper } from "./sweeper.ts";
import { WarmupClock } from "./warmup-clock.ts";

/** Gantry without its HTTP, while it runs. */
export type Engine = Readonly<{
  deps: Deps;
  desk: Desk;
  /** Calls back after every commit; the answer ends that. Null = other processes commit too, and nobody tells. */
  onCommit: ((listener: () => void) => () => void) | null;
  /** What waits in the queue; null = the bus keeps count of that itself. */
  waiting: (() => Promise<readonly WaitingMessages[]>) | null;
  /**
   * Waits until what was committed is published too, no longer than this; for an answer after which the process may get no
   * time. Null = a commit answers no sooner than that.
   */
  settleWithin: ((ms: number) => Promise<void>) | null;
  /** Takes what Pub/Sub pushes to this process; null = it takes nothing. */
  pushes: PushDoor | null;
  /** Stops taking work, gives running work `graceMs` to end, and lets go of the store. Whatever is owed goes on at the next start. */
  close: (params: Readonly<{ graceMs: number }>) => Promise<void>;
}>;

/** The embedded engine: the functions, on one SQLite file, which nobody else commits to. */
export type EmbeddedGantry = Engine & Readonly<{ onCommit: (listener: () => void) => () => void }>;

export type EngineOptions = Readonly<{
  file: string;
  cloud: CloudPorts;
  /** Null = no chat. */
  chat: ChatPort | null;
  /** Where people open the console; asked when it is needed, because a free port is known late. */
  consoleUrl: () => string;
  /** Where commits are shown; null = nowhere. */
  sourceSite: string | null;
  policy: Policy;
  log: Log;
  /** Without it, nobody is told of traces. */
  tracing?: Tracing;
  /** Without it, nobody reads counts. */
  meters?: Meters;
  settings?: Partial<Settings>;
  bus?: BusOptions;
  /** Whose pushes are taken; without it nobody's. */
  trust?: PushTrust;
  clock?: Clock;
}>;

/** Handlers at once: a rollout holds its own for as long as a step holds, so there is room for a fleet of them. */
const concurrency = 2_000;

const pruneEveryMs = 60 * 60_000;

function pruneRegularly({
  prune,
  clock,
  log,
}: Pick<EmbeddedEngine, "prune"> & Pick<Deps, "clock" | "log">): NodeJS.Timeout {
  const pruneOnce = (): Promise<void> =>
    prune({ now: clock.now() }).catch((error: unknown) =>
      log.error({ err: String(error) }, "Could not prune the store"),
    );
  return setInterval(() => void pruneOnce(), pruneEveryMs);
}

type Clockwork = Readonly<{ look: () => void; stop: () => void }>;

/** All that time alone sets off: what falls due, the minutes of the warmups, what may be forgotten. */
function startClockwork(deps: Deps, { prune }: Pick<EmbeddedEngine, "prune">): Clockwork {
  const sweeper = new Sweeper(deps);
  sweeper.look();
  const warmups = new WarmupClock(deps);
  void warmups.run();
  const pruning = pruneRegularly({ prune, clock: deps.clock, log: deps.log });
  return {
    look: () => sweeper.look(),
    stop: () => {
      clearInterval(pruning);
      sweeper.stop();
      warmups.stop();
    },
  };
}

type Around = Readonly<{ sqlite: EmbeddedEngine; clock: Clock; onCommit: () => void }>;

async function depsOf(options: EngineOptions, { sqlite, clock, onCommit }: Around): Promise<Deps> {
  const { cloud, chat, consoleUrl, sourceSite, policy, log } = options;
  return {
    ...cloud,
    chat,
    consoleUrl,
    sourceSite,
    store: sqlite.store,
    conversations: sqlite.conversations,
    freezes: sqlite.freezes,
    notes: sqlite.notes,
    bus: sqlite.bus,
    clock,
    ids: randomIds,
    log,
    ...observers(options),
    policy,
    settings: { ...(await defaultSettings()), ...options.settings },
    running: new RunningWork(),
    onCommit,
  };
}

/** Opens the store, gives the functions their subscriptions, and takes up what the last process left. */
export async function startEngine(options: EngineOptions): Promise<EmbeddedGantry> {
  const { clock = systemClock } = options;
  const sqlite = openSqlite({ file: options.file, clock, bus: { concurrency, ...options.bus } });
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  const deps = await depsOf(options, { sqlite, clock, onCommit: notify });
  for (const subscription of subscriptions(deps)) sqlite.bus.subscribe(delivering(deps, subscription));
  sqlite.bus.start();
  const clockwork = startClockwork(deps, sqlite);
  listeners.add(clockwork.look);
  return {
    deps,
    desk: createDesk(deps),
    waiting: () => sqlite.bus.waiting(),
    settleWithin: null,
    pushes: options.trust ? embeddedDoor(deps, options.trust) : null,
    onCommit: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async ({ graceMs }) => {
      clockwork.stop();
      deps.running.stopAll();
      await sqlite.bus.stop({ graceMs });
      await sqlite.close();
    },
  };
}
