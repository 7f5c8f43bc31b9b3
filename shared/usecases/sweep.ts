import type { Deps } from "./deps.ts";
import { handOff } from "./messages.ts";

/** Work handed off by one sweep at most; the next one goes on. */
const batch = 2_000;

/** The same work at the same attempt is handed off once in this time, so that a full queue is not filled further. */
const againAfterMs = 5_000;

/**
 * Hands off all work that is due and in nobody's hands: timers, work whose owner died, hand-offs that were lost. Work
 * that is on its way already may be handed off again; whoever comes second finds it claimed.
 */
export async function sweep(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  const due = await deps.store.dueWork({ now, limit: batch });
  await deps.bus.publish(
    due.map((work) => handOff(work, `${work.attempt}-${Math.floor(now / againAfterMs)}`)),
  );
}
