import type { Timestamp } from "../../shared/domain/ids.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { sweep } from "../../shared/usecases/sweep.ts";

/** How long one call of the clock goes on, and how often it looks at most. */
export type SweepPace = Readonly<{ forMs: number; everyMs: number }>;

/**
 * One call of the clock. Cloud Scheduler calls once a minute, and a retry or an edit in chat falls due within seconds: so the
 * call goes on, for as long as something falls due before the next one, and ends at once where nothing does.
 */
export async function sweepOn(
  deps: Deps,
  params: Readonly<{ pace: SweepPace; publishLeft: () => Promise<void> }>,
): Promise<void> {
  const { clock } = deps;
  const { forMs, everyMs } = params.pace;
  const endsAt = clock.now() + forMs;
  for (;;) {
    await params.publishLeft();
    await sweep(deps);
    const next = await nextDueAt(deps);
    if (next === null || Math.max(next, clock.now() + everyMs) >= endsAt) return;
    await clock.sleep({ ms: everyMs, signal: new AbortController().signal });
  }
}

async function nextDueAt({ store, conversations, chat, forge }: Deps): Promise<Timestamp | null> {
  const saying = chat === null && forge === null ? null : await conversations.nextDueAt();
  const work = await store.nextDueAt();
  return work === null || saying === null ? (work ?? saying) : Math.min(work, saying);
}
