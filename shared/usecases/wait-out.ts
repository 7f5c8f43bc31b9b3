import { AppError, isTransient } from "../ports/app-error.ts";
import type { Deps } from "./deps.ts";

/** Below the 600 s after which a message counts as not answered. */
const patienceMs = 5 * 60_000;
const backoff = { firstMs: 500, maxMs: 15_000 } as const;

/**
 * Asks again for as long as the error may pass, five minutes at most, with pauses of 0.5 s to 15 s, and none shorter than the
 * error asks for. What asks for more than is left of the five minutes is thrown at once: the message waits longer on the bus
 * than an instance should stand still.
 */
export async function waitOut<T>(deps: Deps, ask: () => Promise<T>): Promise<T> {
  const { clock, ids, log, running } = deps;
  const endsAt = clock.now() + patienceMs;
  const id = `waiting-${ids.short()}`;
  const waiting = running.begin({ id, service: "" });
  const { signal } = waiting;
  try {
    for (let pauseMs: number = backoff.firstMs; ; pauseMs = Math.min(2 * pauseMs, backoff.maxMs)) {
      try {
        return await ask();
      } catch (error) {
        const waitMs = Math.max(pauseMs, askedWaitMs(error));
        if (!isTransient(error) || clock.now() + waitMs > endsAt) throw error;
        log.warn({ err: String(error), waitMs }, "Could not be answered now; asking again");
        await clock.sleep({ ms: waitMs, signal });
        if (signal.aborted) throw error;
      }
    }
  } finally {
    running.end(waiting);
  }
}

/** How long the error asks to wait before the next try; 0 where it does not. */
export function askedWaitMs(error: unknown): number {
  const asked = error instanceof AppError ? error.context["retryAfterMs"] : null;
  return typeof asked === "number" ? asked : 0;
}
