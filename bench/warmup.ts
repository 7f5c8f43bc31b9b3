import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createHttpProbe } from "../shared/adapters/http/probe.ts";
import type { ReleaseConfig } from "../shared/domain/release-config.ts";
import type { RunPort } from "../shared/ports/run.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { warmAll } from "../shared/usecases/warm-services.ts";
import { BenchEngine } from "./bench-engine.ts";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, ratio, single, spread } from "./figures.ts";
import { residentMiB, watchMemory } from "./memory.ts";

const services = 100;
const fastestMs = 1_000;
const slowestMs = 8_000;

/** A fleet that is cold in the morning: one tick of the schedule pings every service, and the slowest bounds the whole. */
export const warmup: Benchmark = {
  about: "100 cold services that take 1 to 8 s for their first answer, pinged by one tick of the schedule",
  limitMs: 60_000,
  run: async ({ directory }) => {
    const bench = await BenchEngine.start(directory);
    const fleet = await Promise.all(Array.from({ length: services }, (_, number) => coldService(number)));
    try {
      await releaseAll(bench);
      return await measured(bench, fleet);
    } finally {
      await Promise.all(fleet.map(({ close }) => close()));
      await bench.close();
    }
  },
};

async function releaseAll(bench: BenchEngine): Promise<void> {
  const asked = Array.from({ length: services }, (_, number) => bench.release(number, "v1.0.0"));
  await Promise.all((await Promise.all(asked)).map(({ tidied }) => tidied));
}

async function measured(bench: BenchEngine, fleet: readonly ColdService[]): Promise<readonly Figure[]> {
  const before = residentMiB();
  const memory = watchMemory();
  const began = performance.now();
  await warmAll(depsFor(bench, fleet));
  const tookMs = performance.now() - began;
  const added = memory.peak() - before;
  const wrong = fleet.filter(({ asked }) => asked() !== 1).length;
  if (wrong > 0 || bench.complaints.length > 0)
    throw new Error(`${wrong} services were not asked exactly once; ${bench.complaints.join("; ")}`);
  const slowest = single(
    { name: "slowest service", unit: "ms" },
    Math.max(...fleet.map(({ coldMs }) => coldMs)),
  );
  const all = single({ name: `${services} services warm`, unit: "ms", aim: "10,000 ms" }, tookMs);
  return [
    spread(
      { name: "cold start of a service", unit: "ms" },
      fleet.map(({ coldMs }) => coldMs),
    ),
    slowest,
    all,
    { ...ratio("all against the slowest", all, slowest), aim: "1.1 ×" },
    single({ name: "memory added at the peak", unit: "MiB", aim: "30 MiB" }, added),
  ];
}

/** The engine's own clock may ping as well: this tick is ten minutes later, in a round of its own. */
function depsFor(bench: BenchEngine, fleet: readonly ColdService[]): Deps {
  const { deps } = bench.engine;
  const { store, clock, run } = deps;
  const config = async (hash: string): Promise<ReleaseConfig | null> => {
    const kept = await store.config(hash);
    return kept === null ? null : { ...kept, warmup: always };
  };
  const readSettings: RunPort["readSettings"] = async (service) => {
    const reading = await run.readSettings(service);
    const number = Number(service.slice(service.lastIndexOf("-") + 1));
    const url = fleet[number]?.url ?? "";
    const effective = (reading?.snapshot.effective ?? []).map((share) => ({
      ...share,
      tag: null,
      url: null,
    }));
    return reading === null ? null : { ...reading, snapshot: { ...reading.snapshot, url, effective } };
  };
  return {
    ...deps,
    clock: { now: () => clock.now() + 600_000, sleep: clock.sleep },
    store: withConfig(store, config),
    run: { ...run, readSettings },
    probe: createHttpProbe(),
  };
}

function withConfig(store: Deps["store"], config: Deps["store"]["config"]): Deps["store"] {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "config") return config;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const always: ReleaseConfig["warmup"] = {
  days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  holidays: [],
  from: "00:00",
  to: "23:59",
  zone: "UTC",
  leadMs: 600_000,
  mode: "ping",
  instances: 1,
  path: "/health",
  everyMs: 300_000,
};

type ColdService = Readonly<{
  url: string;
  coldMs: number;
  asked: () => number;
  close: () => Promise<void>;
}>;

/** A server that takes its time for the first answer, as an instance that has to start does. */
async function coldService(number: number): Promise<ColdService> {
  const coldMs = Math.round(fastestMs + ((slowestMs - fastestMs) * number) / (services - 1));
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    setTimeout(() => response.end('{"status":"ok"}'), asked === 1 ? coldMs : 0);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: urlOf(server), coldMs, asked: () => asked, close: () => closed(server) };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
