import { statSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../shared/adapters/sqlite/open-sqlite.ts";
import { systemClock } from "../shared/adapters/system/system-clock.ts";
import type { ServiceEvent } from "../shared/domain/events.ts";
import { parseReleaseId, type ReleaseId, type ServiceKey } from "../shared/domain/ids.ts";
import type { ReleaseRecord } from "../shared/domain/release-record.ts";
import type { ServiceState } from "../shared/domain/service-state.ts";
import type { Store } from "../shared/ports/store.ts";
import { BenchEngine } from "./bench-engine.ts";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, ratio, single, spread } from "./figures.ts";

const small = 1_000;
const large = 20_000;
const releasesPerService = 100;
const readsEach = 1_000;

/** A release as the engine wrote it, from which the history is copied. */
type Pattern = Readonly<{ state: ServiceState; record: ReleaseRecord; events: readonly ServiceEvent[] }>;

/** What people and pages ask for, with 1,000 releases in the file and with 20,000. */
export const history: Benchmark = {
  about: `hot reads and a write, ${small} against ${large} releases in the file`,
  limitMs: 120_000,
  run: async ({ directory }) => {
    const pattern = await playOne(join(directory, "pattern"));
    const few = await measure(join(directory, "few.db"), pattern, small);
    const many = await measure(join(directory, "many.db"), pattern, large);
    return few.flatMap((before, index) => {
      const after = many[index];
      return after === undefined ? [before] : [before, after, ratio("    ratio, p50", after, before)];
    });
  },
};

async function playOne(directory: string): Promise<Pattern> {
  const bench = await BenchEngine.start(directory);
  await (await bench.release(1, "v1.0.0")).tidied;
  const { id, tidied } = await bench.release(1, "v1.1.0");
  await tidied;
  const { store } = bench.engine.deps;
  const record = await store.release(id);
  if (record === null) throw new Error("the pattern of the history is missing");
  const { state } = await store.load(record.service);
  const events = (await store.releaseEvents(id)).map(({ event }) => event);
  await bench.close();
  return { state, record, events };
}

async function measure(file: string, pattern: Pattern, releases: number): Promise<readonly Figure[]> {
  const { store, close } = openSqlite({ file, clock: systemClock });
  const began = performance.now();
  await fill(store, pattern, releases);
  const fillMs = performance.now() - began;
  const figures = await reads(store, pattern, releases);
  await close();
  const label = releases.toLocaleString("en");
  return [
    ...figures,
    single({ name: `releases written per second, until ${label}`, unit: "/s" }, (releases / fillMs) * 1_000),
    single({ name: `KiB per release, ${label}`, unit: "" }, statSync(file).size / 1_024 / releases),
  ];
}

function releaseIdOf(number: number): ReleaseId {
  const id = parseReleaseId(`r-bench-${String(number).padStart(6, "0")}`);
  if (id === null) throw new Error("a release id of the bench does not parse");
  return id;
}

function serviceOf(number: number): ServiceKey {
  return `gantry-bench/us-central1/history-${number}` as ServiceKey;
}

async function fill(store: Store, pattern: Pattern, releases: number): Promise<void> {
  const services = Math.ceil(releases / releasesPerService);
  for (let round = 0; round < releasesPerService; round += 1)
    await Promise.all(
      Array.from({ length: services }, (_, number) => write(store, pattern, { number, services, round })),
    );
}

async function write(
  store: Store,
  { state, record, events }: Pattern,
  { number, services, round }: Readonly<{ number: number; services: number; round: number }>,
): Promise<void> {
  const service = serviceOf(number);
  const index = round * services + number;
  const id = releaseIdOf(index);
  const requestedAt = record.requestedAt + index;
  const result = await store.commit({
    service,
    expectedVersion: round,
    events: events.map((event) => ({ ...event, releaseId: id })),
    state: { ...state, key: service },
    releases: [{ ...record, id, service, requestedAt }],
    owed: [],
    configs: [],
    messages: [],
    cause: `bench/${id}`,
  });
  if (result.outcome !== "committed") throw new Error(`the history was not written: ${result.outcome}`);
}

async function reads(store: Store, pattern: Pattern, releases: number): Promise<readonly Figure[]> {
  const services = Math.ceil(releases / releasesPerService);
  const last = await store.lastPosition();
  const middle = await store.release(releaseIdOf(Math.floor(releases / 2)));
  const before = middle && { requestedAt: middle.requestedAt, id: middle.id };
  const label = releases.toLocaleString("en");
  const timed = async (
    name: string,
    runs: number,
    read: (run: number) => Promise<unknown>,
  ): Promise<Figure> => {
    const took: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const began = performance.now();
      await read(run);
      took.push((performance.now() - began) * 1_000);
    }
    return spread({ name: `${name}, ${label}`, unit: "µs" }, took);
  };
  const any = (run: number): number => (run * 7_919) % releases;
  const service = (run: number): ServiceKey => serviceOf(any(run) % services);
  let round = 0;
  return [
    await timed("one release", readsEach, (run) => store.release(releaseIdOf(any(run)))),
    await timed("its events", readsEach, (run) => store.releaseEvents(releaseIdOf(any(run)))),
    await timed("state of a service", readsEach, (run) => store.load(service(run))),
    await timed("newest 20 releases", readsEach, () =>
      store.releases({ service: null, limit: 20, before: null }),
    ),
    await timed("20 from the middle", readsEach, () => store.releases({ service: null, limit: 20, before })),
    await timed("newest 20 of a service", readsEach, (run) =>
      store.releases({ service: service(run), limit: 20, before: null }),
    ),
    await timed("newest 50 events", readsEach, () => store.eventsAfter({ after: last - 50, limit: 50 })),
    await timed("all services (10 or 200)", 100, () => store.services()),
    await timed("a commit", 200, () => {
      const at = { number: services + 1, services: 1, round: round++ };
      return write(store, pattern, { ...at, number: releases + 1_000 });
    }),
  ];
}
