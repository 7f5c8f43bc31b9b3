import type { RequestLogEntry } from "../emulator/run/data/request-log.ts";
import { DEFAULT_TIMINGS } from "../emulator/run/timings.ts";
import type { Benchmark } from "./benchmark.ts";
import { single, spread } from "./figures.ts";
import { LocalStand, momentOf, type StandService } from "./local-stand.ts";

const runs = 6;
const everyMs = 20;
const quietMs = 500;
const tag = "v1.6.0";

/**
 * The candidate serves half of the traffic, and after some requests of real clients every answer is an error: another
 * number in each run, so that it turns bad at another moment between two probes.
 */
const recipe = (number: number) => ({
  rollout: {
    steps: [{ traffic: "50%", hold: "60s" }, { traffic: "100%" }],
    watch: { every: "1s" },
    bake: "0s",
  },
  goesBad: { afterSeconds: 600, afterRequests: 30 + 7 * number },
});

/** A revision that goes bad under traffic, with real processes and a client that never stops asking. */
export const restore: Benchmark = {
  about: "first bad answer to traffic restored, probes once a second, half of the traffic on the candidate",
  limitMs: 180_000,
  run: async ({ directory }) => {
    const stand = await LocalStand.start(directory);
    try {
      const played: Restored[] = [];
      for (let number = 1; number <= runs; number += 1) played.push(await play(stand, number));
      const all = (of: (run: Restored) => number): number[] => played.map(of);
      return [
        spread(
          { name: "first bad answer to the decision", unit: "ms" },
          all(({ decisionMs }) => decisionMs),
        ),
        spread(
          { name: "decision to stable at 100 %, read back", unit: "ms" },
          all(({ writeMs }) => writeMs),
        ),
        spread(
          { name: "first bad answer to stable at 100 %, read back", unit: "ms", aim: "3,000 ms" },
          all(({ decisionMs, writeMs }) => decisionMs + writeMs),
        ),
        spread(
          { name: "first bad answer to the last one a client got", unit: "ms" },
          all(({ lastBadMs }) => lastBadMs),
        ),
        spread(
          { name: "bad answers that clients got", unit: "" },
          all(({ bad }) => bad),
        ),
        single(
          { name: "  of it the local cloud's own reconciling", unit: "ms" },
          DEFAULT_TIMINGS.reconcileMs,
        ),
        single(
          { name: "  of it the local cloud's own traffic lag", unit: "ms" },
          DEFAULT_TIMINGS.trafficLagMs,
        ),
      ];
    } finally {
      await stand.close();
    }
  },
};

type Restored = Readonly<{ decisionMs: number; writeMs: number; lastBadMs: number; bad: number }>;

async function play(stand: LocalStand, number: number): Promise<Restored> {
  const service = await stand.service(number, recipe(number));
  const client = startClient(service.url);
  try {
    await stand.push(service, tag);
    const { id } = await stand.releaseOf(service, tag);
    const record = await stand.ended(service.key, id);
    if (record.status !== "rolled-back") throw new Error(`${tag} ended ${record.status}, not rolled back`);
    await client.untilGoodFor(quietMs);
    const events = await stand.events(id);
    const bad = badAnswers(stand, service, record.candidate?.revision ?? "");
    const firstBad = bad[0];
    if (firstBad === undefined) throw new Error("the candidate gave no bad answer");
    const firstBadAt = firstBad.at + firstBad.latencyMs;
    const decidedAt = momentOf(events, "rollback-began");
    return {
      decisionMs: decidedAt - firstBadAt,
      writeMs: momentOf(events, "stable-restored") - decidedAt,
      lastBadMs: Math.max(0, client.lastBadAt() - firstBadAt),
      bad: client.bad(),
    };
  } finally {
    await client.stop();
  }
}

/** What clients and probes got of it, oldest first; the 422 of the storage check is the answer that is asked for. */
function badAnswers(
  { local }: LocalStand,
  { name }: StandService,
  revision: string,
): readonly RequestLogEntry[] {
  return local.cloud.run.requests(name, revision).filter(({ status }) => status >= 500);
}

/** Asks the service's own address every twenty milliseconds. */
function startClient(url: string) {
  let stopped = false;
  let bad = 0;
  let lastBadAt = 0;
  const asked = new Set<Promise<void>>();
  const ask = async (): Promise<void> => {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok || stopped) return;
    bad += 1;
    lastBadAt = Date.now();
  };
  const timer = setInterval(() => {
    const asking = ask().finally(() => asked.delete(asking));
    asked.add(asking);
  }, everyMs);
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    bad: () => bad,
    lastBadAt: () => lastBadAt,
    untilGoodFor: async (ms: number): Promise<void> => {
      while (Date.now() - lastBadAt < ms) await pause(50);
    },
    stop: async (): Promise<void> => {
      stopped = true;
      clearInterval(timer);
      await Promise.allSettled(asked);
    },
  };
}
