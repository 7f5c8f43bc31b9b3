import type { Deps } from "./deps.ts";
import { findTags } from "./find-tags.ts";
import { chatCallMessage, handOff } from "./messages.ts";

/** Work handed off by one sweep at most; the next one goes on. */
const batch = 2_000;

/** The same work at the same attempt is handed off once in this time, so that a full queue is not filled further. */
const againAfterMs = 5_000;

/**
 * Hands off all work that is due and in nobody's hands: timers, work whose owner died, hand-offs that were lost, and what is
 * still to be said in chat or told to the forge. Work that is on its way already may be handed off again; whoever comes
 * second finds it claimed. Then looks for tags whose webhook was lost.
 */
export async function sweep(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  const bucket = Math.floor(now / againAfterMs);
  const due = await deps.store.dueWork({ now, limit: batch });
  const isSilent = deps.chat === null && deps.forge === null;
  const unsaid = isSilent ? [] : await deps.conversations.due({ now, limit: batch });
  await deps.bus.publish([
    ...due.map((work) => handOff(work, `${work.attempt}-${bucket}`)),
    ...unsaid.map((key) => chatCallMessage(key, `${now}`)),
  ]);
  await findTags(deps);
}
