import type { Benchmark } from "./benchmark.ts";
import { burst, burstHook } from "./burst.ts";
import { hop } from "./hop.ts";
import { throughput } from "./throughput.ts";

/** Every benchmark by its name, in the order in which they run. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  hop,
  throughput,
  burst,
  "burst-hook": burstHook,
};
