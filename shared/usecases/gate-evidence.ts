import type { CheckResult } from "../domain/events.ts";
import { AppError } from "../ports/app-error.ts";
import type { GateRun } from "./gate-try.ts";

/** One look at evidence that comes late; null = not there yet. */
export type Look = () => Promise<CheckResult | null>;

const pauseBounds = { leastMs: 250, mostMs: 5_000 } as const;

/** How long the log may take to show its first line. */
export const logLagMs = 60_000;

const timeOver = "the time of the gate was over";

/**
 * Looks again and again until the evidence is there, at the longest until `untilAt` or the gate's own end. Why it is not there
 * is told to `unseen`: the time was over, or whoever has the evidence does not answer or refuses. An aborted signal throws its
 * reason; what is no `AppError` is thrown as it is.
 */
export async function awaitEvidence(
  params: Readonly<{
    gate: GateRun;
    look: Look;
    everyMs: number;
    untilAt: number;
    unseen: (why: string) => CheckResult;
  }>,
): Promise<CheckResult> {
  const { gate, look, unseen } = params;
  const { clock, signal } = gate;
  const { leastMs, mostMs } = pauseBounds;
  const pauseMs = Math.min(Math.max(params.everyMs / 10, leastMs), mostMs);
  const untilAt = Math.min(params.untilAt, gate.endsAt);
  let why = timeOver;
  for (;;) {
    signal.throwIfAborted();
    const found = await tryLook(look);
    signal.throwIfAborted();
    if (!("error" in found)) {
      if (found.result !== null) return found.result;
      why = timeOver;
    } else {
      why = found.error.message;
      if (!found.error.transient) return unseen(why);
    }
    const leftMs = untilAt - clock.now();
    if (leftMs <= 0) return unseen(why);
    await clock.sleep({ ms: Math.min(pauseMs, leftMs), signal });
  }
}

async function tryLook(
  look: Look,
): Promise<Readonly<{ result: CheckResult | null }> | Readonly<{ error: AppError }>> {
  try {
    return { result: await look() };
  } catch (error) {
    if (error instanceof AppError) return { error };
    throw error;
  }
}
