import { BenchEngine, type Followed, requestFor, type Story } from "./bench-engine.ts";
import type { Bench, Benchmark } from "./benchmark.ts";
import { type Figure, ratio, single, spread } from "./figures.ts";
import { startHookSender } from "./hook-sender.ts";
import { startHookServer } from "./hook-server.ts";
import { residentMiB, watchMemory } from "./memory.ts";
import { deliveryId } from "./webhook.ts";

const services = 1_000;
const connections = 50;
const warmUps = 40;
const tag = "v2.0.0";
const numbers = Array.from({ length: services }, (_, number) => number);

/** How the tags get in, and under which request id the release of each service is known. */
type Entrance = Readonly<{
  requestId: (number: number) => string;
  send: () => Promise<readonly Figure[]>;
  close: () => Promise<void>;
}>;

/** A thousand tags for a thousand services at once, straight onto the bus. */
export const burst: Benchmark = {
  about: `${services} tags for ${services} services at once, on the bus`,
  limitMs: 120_000,
  run: (bench) =>
    play(bench, async ({ engine }) => ({
      requestId: (number) => requestFor(number, tag).requestId,
      send: async () => {
        await Promise.all(numbers.map((number) => engine.desk.requestRelease(requestFor(number, tag))));
        return [];
      },
      close: async () => undefined,
    })),
};

/** The same through the front door. */
export const burstHook: Benchmark = {
  about: `the same as signed webhooks from another process, over ${connections} connections`,
  limitMs: 120_000,
  run: (bench) => play(bench, frontDoor),
};

async function frontDoor({ engine }: BenchEngine): Promise<Entrance> {
  const secret = "the bench's own secret";
  const server = await startHookServer(engine, secret);
  const sender = await startHookSender();
  const warm = { url: server.url, secret, connections };
  await sender.send({ ...warm, tag: "v1.9.0", from: services, count: 10 });
  return {
    requestId: (number) => `github/${deliveryId(number, tag)}`,
    send: async () => {
      const { tookMs, refused } = await sender.send({ ...warm, tag, from: 0, count: services });
      return [
        spread({ name: "webhook answered", unit: "ms" }, tookMs),
        single({ name: "webhooks refused", unit: "", aim: "0" }, refused),
      ];
    },
    close: async () => {
      sender.close();
      await server.close();
    },
  };
}

async function play(
  { directory }: Bench,
  enter: (bench: BenchEngine) => Promise<Entrance>,
): Promise<readonly Figure[]> {
  const bench = await BenchEngine.start(directory);
  const alone = await releasesAlone(bench);
  const entrance = await enter(bench);
  const before = residentMiB();
  const memory = watchMemory();
  const followed = numbers.map((number) => bench.follow(entrance.requestId(number)));
  const began = performance.now();
  const [stories, sent] = await Promise.all([
    Promise.all(followed.map(({ ended }) => ended)),
    entrance.send(),
  ]);
  const endedAt = performance.now();
  await Promise.all(followed.map(({ tidied }) => tidied));
  const tidiedAt = performance.now();
  const peak = memory.peak();
  const each = spread({ name: "per release, first send to its end", unit: "ms" }, tookOf(stories, began));
  const figures = [
    single({ name: "all ended", unit: "ms", aim: "1,000 ms" }, endedAt - began),
    single({ name: "all tidied up", unit: "ms" }, tidiedAt - began),
    each,
    alone,
    ratio("per release, burst against alone, p50", each, alone),
    ...sent,
    ...(await accounts(bench, followed)),
    single({ name: "resident memory before", unit: "MiB" }, before),
    single({ name: "resident memory, peak", unit: "MiB" }, peak),
    single({ name: "resident memory after", unit: "MiB" }, residentMiB()),
  ];
  await entrance.close();
  await bench.close();
  return figures;
}

async function releasesAlone(bench: BenchEngine): Promise<Figure> {
  const took: number[] = [];
  for (let run = 0; run < warmUps; run += 1) {
    const { ended, tidied } = await bench.release(services + 100 + (run % 10), `v1.0.${run}`);
    const { askedAt } = await ended;
    took.push(performance.now() - askedAt);
    await tidied;
  }
  return spread({ name: "one release alone", unit: "ms" }, took.slice(warmUps / 2));
}

function tookOf(stories: readonly Story[], began: number): readonly number[] {
  return stories.flatMap(({ events }) =>
    events.filter(({ type }) => type === "release-live").map(({ at }) => at - began),
  );
}

/** None lost: every release is live in the file. None double: the cloud built and deployed each exactly once. */
async function accounts(bench: BenchEngine, followed: readonly Followed[]): Promise<readonly Figure[]> {
  const { engine, cloud, deliveries, complaints } = bench;
  const records = await Promise.all(followed.map(({ id }) => engine.deps.store.release(id)));
  const live = records.filter((record) => record?.status === "live").length;
  const isOnce = (id: string): boolean => cloud.builds.get(id) === 1 && cloud.deploys.get(id) === 1;
  const outcomes = [...deliveries].map(([key, count]) => ({ fine: key.endsWith(" acknowledged"), count }));
  const sum = (of: typeof outcomes): number => of.reduce((total, { count }) => total + count, 0);
  return [
    single({ name: "live in the file", unit: "", aim: `${services}` }, live),
    single(
      { name: "not built and deployed exactly once", unit: "", aim: "0" },
      followed.filter(({ id }) => !isOnce(id)).length,
    ),
    single({ name: "bus deliveries, warm-up included", unit: "" }, sum(outcomes)),
    single(
      { name: "deliveries not acknowledged", unit: "", aim: "0" },
      sum(outcomes.filter(({ fine }) => !fine)),
    ),
    single({ name: "warnings and errors in the log", unit: "", aim: "0" }, complaints.length),
  ];
}
