import { AppError } from "../../ports/app-error.ts";
import type { Clock } from "../../ports/system.ts";
import type { CallSettings } from "../google/api-call.ts";
import type { Patience } from "../google/patience.ts";
import type { RunApi } from "./run-api.ts";

export type RunSettings = CallSettings &
  Readonly<{
    pollMs: number; // between two looks at what Cloud Run is doing
    settleMs: number; // how long somebody else's unfinished write is waited for before a candidate is added
    cleanUpMs: number; // for taking a failed candidate out of the desired traffic, beyond its own deadline
    maxWrites: number; // of one change that keeps meeting conflicts or lost answers
  }>;

/** For the real API: a release takes minutes, and reads are limited by quota. */
export const runSettings: RunSettings = {
  callTimeoutMs: 20_000,
  readAttempts: 4,
  retryMs: 500,
  pollMs: 1_000,
  settleMs: 60_000,
  cleanUpMs: 60_000,
  maxWrites: 8,
};

export type RunContext = Readonly<{ api: RunApi; clock: Clock; settings: RunSettings }>;

/** Patience until `deadlineMs` from now. */
export function patienceFor(
  { clock, settings }: RunContext,
  { deadlineMs, signal }: Readonly<{ deadlineMs: number; signal: AbortSignal }>,
): Patience {
  const deadlineAt = clock.now() + deadlineMs;
  return { clock, signal, pollMs: settings.pollMs, deadlineAt, calledOff: "run-timed-out" };
}

/** What is thrown when a write met a conflict or lost its answer as often as is allowed. */
export function gaveUp(doing: string, message: string): AppError {
  const text = `could not ${doing}: ${message}`;
  return new AppError({ code: "run-unavailable", transient: true, message: text });
}

/** What is thrown when the time was up before Cloud Run was done. */
export function timedOut(doing: string): AppError {
  const message = `could not ${doing} in the time given`;
  return new AppError({ code: "run-timed-out", transient: true, message });
}

/** What is thrown when Cloud Run will not have a clean-up. */
export function refused(doing: string, message: string): AppError {
  return new AppError({ code: "run-refused", transient: false, message: `could not ${doing}: ${message}` });
}
