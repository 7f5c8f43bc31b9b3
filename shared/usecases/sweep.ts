import type { Timestamp } from "../domain/ids.ts";
import type { OutgoingMessage } from "../ports/bus.ts";
import type { OwedWork } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { findTags } from "./find-tags.ts";
import { chatCallMessage, handOff } from "./messages.ts";
import { releaseOf } from "./tell-forge.ts";
import { inTrace } from "./tell-recorded.ts";

/** Work handed off by one sweep at most; the next one goes on. */
const batch = 2_000;

/** The same work at the same attempt is handed off once in this time, so that a full queue is not filled further. */
const againAfterMs = 5_000;

/** Work that waits for longer in nobody's hands, or failed more often, does not get on by itself: a person has to know. */
const overdueAfterMs = 10 * 60_000;
const manyAttempts = 30;

/**
 * Hands off all work that is due and in nobody's hands: timers, work whose owner died, hand-offs that were lost, and what is
 * still to be said in chat or told to the forge. Work that is on its way already may be handed off again; whoever comes
 * second finds it claimed. What does not get on is logged as an error at each sweep. Then looks for tags whose webhook was
 * lost.
 */
export async function sweep(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  const bucket = Math.floor(now / againAfterMs);
  const due = await deps.store.dueWork({ now, limit: batch });
  for (const work of due.filter((one) => isOverdue(one, now))) tellOverdue(deps, work, now);
  const isSilent = deps.chat === null && deps.forge === null;
  const unsaid = isSilent ? [] : await deps.conversations.due({ now, limit: batch });
  await deps.bus.publish([
    ...due.map((work) => inTrace(deps, handOff(work, `${work.attempt}-${bucket}`), work.releaseId)),
    ...unsaid.map((key) => sayingCall(deps, key, now)),
  ]);
  await findTags(deps);
}

/** A digest is about many releases, and about no one's trace. */
function sayingCall(deps: Deps, key: string, now: Timestamp): OutgoingMessage {
  const message = chatCallMessage(key, `${now}`);
  const id = releaseOf(key);
  return id === null ? message : inTrace(deps, message, id);
}

/** What is due at once, at no time of its own (0), is overdue only once it failed often. */
function isOverdue({ dueAt, attempt, lastError }: OwedWork, now: Timestamp): boolean {
  const isLate = dueAt > 0 && now - dueAt > overdueAfterMs;
  return isLate || (lastError !== null && attempt >= manyAttempts);
}

function tellOverdue({ log }: Deps, work: OwedWork, now: Timestamp): void {
  const { id, kind, service, releaseId, attempt, lastError, dueAt } = work;
  const overdueMs = now - dueAt;
  log.error({ service, releaseId, work: id, kind, attempt, overdueMs, err: lastError }, "Work is overdue");
}
