import { isTransient } from "../ports/app-error.ts";
import type { Deps } from "./deps.ts";

/** Below the 600 s after which a message counts as not answered. */
const patienceMs = 5 * 60_000;
const backoff = { firstMs: 500, maxMs: 15_000 } as const;

/**
 * Asks again for as long as the error may pass, five minutes at most, with pauses of 0.5 s to 15 s. A message whose
 * deliveries are few and quick, so that poison is found soon, outlives an outage of the git host this way.
 */
export async function waitOut<T>(deps: Deps, ask: () => Promise<T>): Promise<T> {
  const { clock, ids, log, running } = deps;
  const endsAt = clock.now() + patienceMs;
  const id = `waiting-${ids.short()}`;
  const { signal } = running.begin({ id, service: "" });
  try {
    for (let pauseMs: number = backoff.firstMs; ; pauseMs = Math.min(2 * pauseMs, backoff.maxMs)) {
      try {
        return await ask();
      } catch (error) {
        if (!isTransient(error) || clock.now() + pauseMs > endsAt) throw error;
        log.warn({ err: String(error), pauseMs }, "Could not be answered now; asking again");
        await clock.sleep({ ms: pauseMs, signal });
        if (signal.aborted) throw error;
      }
    }
  } finally {
    running.end(id);
  }
}
