import type { CheckResult, Verdict } from "../domain/events.ts";
import type { ServiceKey, Timestamp } from "../domain/ids.ts";
import type { VerifyConfig, WatchConfig } from "../domain/release-config.ts";
import type { Pair } from "../domain/service-state.ts";
import type { Split } from "../domain/traffic.ts";
import { emptyTally, judgeWatch, type Tally, tallied, watchVerdict } from "../domain/watch.ts";
import type { ProbePort } from "../ports/probe.ts";
import type { RunPort } from "../ports/run.ts";
import type { Clock } from "../ports/system.ts";
import { type Trial, trialsOf } from "./trial.ts";
import { observe } from "./watch-observation.ts";
import { readTraffic, type TrafficReading, trafficResults, unreadTraffic } from "./watch-traffic.ts";

export type WatchParams = Readonly<{
  run: RunPort;
  probe: ProbePort;
  clock: Clock;
  service: ServiceKey;
  pair: Pair;
  verify: VerifyConfig; // its checks are what is asked
  watch: WatchConfig;
  /** The desired split that Gantry wrote last. */
  expected: Split;
  /** How long the slice lasts. 0 = one round. */
  forMs: number;
  /** What earlier slices of this step brought; without it the slice stands for itself. */
  carried?: Tally;
  signal: AbortSignal;
}>;

export type WatchOutcome = Readonly<{
  verdict: Verdict;
  checks: readonly CheckResult[];
  /** The split that somebody else asked for; null = nobody touched it. Comes before the verdict. */
  drift: Split | null;
  /** What to carry into the next slice. */
  tally: Tally;
}>;

/** A slice may run on for this long to answer its one round, or to find any evidence at all. */
const graceMs = 10_000;
/** Between a failed request and the one that confirms it: quick, but longer than a hiccup of the network. */
const confirmAfterMs = 100;
/** How often a failed check is asked again at once, before the round goes on. */
const maxConfirmations = 4;

/** Between two rounds as long as there is no evidence. */
const seekEvidenceMs = 1_000;

/** A slice that runs. `cutAt`: no request lives longer. */
export type Slice = WatchParams & Readonly<{ endsAt: Timestamp; cutAt: Timestamp }>;

type Progress = Readonly<{ tally: Tally; reading: TrafficReading }>;

/**
 * Watches the candidate at its tag URL in rounds of the configured checks, `watch.everyMs` apart, for `forMs`. A failed
 * check is asked again at once, and a proven failure or drift ends the slice early; otherwise it lasts to its end and,
 * even when everything hangs, at most ten seconds where `forMs` is less. An aborted signal throws its reason.
 */
export async function watchSlice(params: WatchParams): Promise<WatchOutcome> {
  const { clock, forMs, signal } = params;
  const began = clock.now();
  const slice: Slice = { ...params, endsAt: began + forMs, cutAt: began + Math.max(forMs, graceMs) };
  let progress: Progress = { tally: forgetRows(params.carried ?? emptyTally), reading: unreadTraffic };
  for (;;) {
    const roundBegan = clock.now();
    progress = await playRound(slice, progress);
    const outcome = outcomeOf(slice, progress);
    if (outcome.drift !== null || outcome.verdict === "fail") return outcome;
    const next = nextRound({ slice, roundBegan, verdict: outcome.verdict });
    await clock.sleep({ ms: Math.max(0, next.at - clock.now()), signal });
    signal.throwIfAborted();
    if (next.isEnd) return forMs === 0 ? outcome : closed(slice, progress);
  }
}

/** When the next round begins, or that the slice ends then. Without evidence it comes sooner and may come later. */
function nextRound(
  params: Readonly<{ slice: Slice; roundBegan: Timestamp; verdict: Verdict }>,
): Readonly<{ at: Timestamp; isEnd: boolean }> {
  const { slice, roundBegan, verdict } = params;
  const { everyMs } = slice.watch;
  const now = slice.clock.now();
  const [at, end] =
    verdict === "pass"
      ? [Math.max(roundBegan + everyMs, now), slice.endsAt]
      : [now + Math.min(everyMs, seekEvidenceMs), slice.cutAt];
  return at >= end ? { at: end, isEnd: true } : { at, isEnd: false };
}

/** A last look at the traffic: what somebody moved in a long slice must not wait for the next one. */
async function closed(slice: Slice, progress: Progress): Promise<WatchOutcome> {
  const reading = await readTraffic(slice);
  slice.signal.throwIfAborted();
  return outcomeOf(slice, reading.kind === "read" ? { ...progress, reading } : progress);
}

/** A row that was open when the slice before ended is begun anew, the rest counts on. */
function forgetRows(tally: Tally): Tally {
  return { ...tally, rows: {} };
}

async function playRound(slice: Slice, before: Progress): Promise<Progress> {
  const reading = isAsExpected(slice, before.reading) ? before.reading : await readTraffic(slice);
  slice.signal.throwIfAborted();
  let progress: Progress = { tally: before.tally, reading };
  if (reading.kind === "read" && !isAsExpected(slice, reading)) return progress; // nobody there to ask
  for (const trial of trialsOf(slice.verify.checks)) {
    progress = { reading, tally: await askUntilClear({ slice, trial, progress }) };
    if (outcomeOf(slice, progress).verdict === "fail") return progress;
  }
  return progress;
}

/** Read, nobody moved it, and the tag leads to the candidate; read again in the next round otherwise. */
function isAsExpected(slice: Slice, reading: TrafficReading): boolean {
  return trafficResults({ slice, reading }).results.length === 0;
}

/** Asks once, and after a failure again and again, until it passes, the failure is proven, or the tries are used up. */
async function askUntilClear(
  params: Readonly<{ slice: Slice; trial: Trial; progress: Progress }>,
): Promise<Tally> {
  const { slice, trial, progress } = params;
  const { clock, signal, watch } = slice;
  let { tally } = progress;
  for (let confirmations = 0; confirmations <= maxConfirmations; confirmations += 1) {
    if (confirmations > 0) await clock.sleep({ ms: confirmAfterMs, signal });
    const observation = await observe({ slice, trial, blind: progress.reading.kind === "unread" });
    if (observation === null) return tally;
    tally = tallied({ tally, observation, watch });
    const isOpen = (tally.rows[trial.name] ?? 0) > 0;
    if (!isOpen || outcomeOf(slice, { ...progress, tally }).verdict === "fail") return tally;
  }
  return tally;
}

function outcomeOf(slice: Slice, progress: Progress): WatchOutcome {
  const { tally, reading } = progress;
  const traffic = trafficResults({ slice, reading });
  const checks = [...traffic.results, ...judgeWatch({ tally, watch: slice.watch })];
  return { verdict: watchVerdict(checks), checks, drift: traffic.drift, tally };
}
