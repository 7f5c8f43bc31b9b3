import { AppError, type AppErrorCode } from "../../ports/app-error.ts";
import type { Clock } from "../../ports/system.ts";

/** How long an adapter may wait for the cloud, and what calls it off. */
export type Patience = Readonly<{
  clock: Clock;
  signal: AbortSignal;
  pollMs: number;
  deadlineAt: number;
  /** What is thrown when the signal calls the waiting off. */
  calledOff: AppErrorCode;
}>;

/** Whether the time is up. */
export function isOver({ clock, deadlineAt }: Patience): boolean {
  return clock.now() >= deadlineAt;
}

/** The same patience, with an earlier end. */
export function atMost(patience: Patience, ms: number): Patience {
  return { ...patience, deadlineAt: Math.min(patience.deadlineAt, patience.clock.now() + ms) };
}

/** Throws a transient `AppError` when the signal has called it off. */
export function throwIfCalledOff({ signal, calledOff }: Patience): void {
  if (!signal.aborted) return;
  throw new AppError({ code: calledOff, transient: true, message: "called off before it was done" });
}

/** Waits for one poll interval, never past the deadline. @throws AppError when called off. */
export async function pause(patience: Patience): Promise<void> {
  const { clock, signal, pollMs, deadlineAt } = patience;
  const ms = Math.max(1, Math.min(pollMs, deadlineAt - clock.now()));
  await clock.sleep({ ms, signal });
  throwIfCalledOff(patience);
}
