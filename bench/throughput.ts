import { BenchEngine } from "./bench-engine.ts";
import type { Benchmark } from "./benchmark.ts";
import { single, spread } from "./figures.ts";

const services = 64;
const warmUpMs = 1_000;
const measuredMs = 5_000;

/** Sixty-four services, each released again as soon as its last release is over. */
export const throughput: Benchmark = {
  about: `releases per second to the end, ${services} services in a closed loop`,
  limitMs: 60_000,
  run: async ({ directory }) => {
    const bench = await BenchEngine.start(directory);
    const began = performance.now();
    const measuredFrom = began + warmUpMs;
    const measuredTo = measuredFrom + measuredMs;
    const took: number[] = [];
    const turn = async (number: number): Promise<void> => {
      for (let round = 0; performance.now() < measuredTo; round += 1) {
        const { ended, tidied } = await bench.release(number, `v1.0.${round}`);
        const { askedAt } = await ended;
        const endedAt = performance.now();
        if (endedAt >= measuredFrom && endedAt < measuredTo) took.push(endedAt - askedAt);
        await tidied;
      }
    };
    await Promise.all(Array.from({ length: services }, (_, number) => turn(number)));
    await bench.close();
    return [
      single(
        { name: "releases per second", unit: "/s", aim: "1,000 /s" },
        (took.length / measuredMs) * 1_000,
      ),
      spread({ name: "per release, asked to live", unit: "ms" }, took),
    ];
  },
};
