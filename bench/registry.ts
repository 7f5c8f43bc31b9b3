import type { Benchmark } from "./benchmark.ts";
import { burst, burstHook } from "./burst.ts";
import { functionLoad } from "./function-load.ts";
import { history } from "./history.ts";
import { hop } from "./hop.ts";
import { ready } from "./ready.ts";
import { release } from "./release.ts";
import { restore } from "./restore.ts";
import { slackDecide } from "./slack-decide.ts";
import { slackLoad } from "./slack-load.ts";
import { slackVerify } from "./slack-verify.ts";
import { throughput } from "./throughput.ts";
import { verify } from "./verify.ts";
import { warmup } from "./warmup.ts";

/** Every benchmark by its name, in the order in which they run. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  ready,
  release,
  hop,
  throughput,
  burst,
  "burst-hook": burstHook,
  restore,
  verify,
  history,
  "slack-verify": slackVerify,
  "slack-decide": slackDecide,
  "slack-load": slackLoad,
  "function-load": functionLoad,
  warmup,
};
