import type { Command } from "../domain/commands.ts";
import { warmthOf } from "../domain/warm-state.ts";
import type { Job } from "./job.ts";

/** Writes the minimum that is owed. One that comes too late to be raised is not raised any more. */
export async function setMinimum({ deps, work, state, signal }: Job): Promise<Command | null> {
  const { due } = warmthOf(state);
  if (due === null) return null;
  const { slot, from, to, until } = due;
  const of = { type: "finish-minimum", releaseId: work.releaseId, slot, to } as const;
  const late = "its window was over before the minimum could be raised";
  if (until !== null && deps.clock.now() >= until)
    return { ...of, at: deps.clock.now(), result: { outcome: "refused", message: late } };
  const { trafficDeadlineMs: deadlineMs } = deps.settings;
  const { service } = work;
  const result = await deps.run.setMinInstances({ service, minimum: to, expected: from, deadlineMs, signal });
  return { ...of, at: deps.clock.now(), result };
}
