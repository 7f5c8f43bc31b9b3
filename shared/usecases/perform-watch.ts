import type { Command } from "../domain/commands.ts";
import type { Verdict } from "../domain/events.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import { wantedSplit } from "../domain/release-plan.ts";
import type { ReleaseIn } from "../domain/service-state.ts";
import { isNews, isPaused, sliceLength, type Watched, watchOf } from "../domain/watch-slices.ts";
import { type Again, activeOf, configOf, type Job } from "./job.ts";
import { type WatchOutcome, watchSlice } from "./watch.ts";

/**
 * One slice of watching, in windows that are judged one by one: a slice is what is written down in one go. It ends early with
 * what is news, and where a pause is over that it was made for.
 */
export async function watch(job: Job): Promise<Command | null> {
  const { deps, work, until } = job;
  const { clock } = deps;
  const release = activeOf(job, "rolling-out", "baking");
  if (!release) return null;
  const config = await configOf(job, release.configHash);
  const began = clock.now();
  const endsAt = began + sliceLength(release, { now: began, until, isAgain: work.attempt > 1 });
  let before: Verdict | null = null;
  for (;;) {
    const forMs = Math.max(0, Math.min(release.plan.sliceMs, endsAt - clock.now()));
    const watched = await watchWindow(job, { release, config, forMs });
    const now = clock.now();
    if (watched.drift) return { type: "report-drift", at: now, releaseId: release.id, found: watched.drift };
    const { verdict } = watched;
    const isOver = now >= endsAt || isNews(release, { now, before, verdict });
    if (isOver || (await isResumed(job, release))) return finished(release, watched, clock.now());
    before = verdict;
  }
}

function finished(release: Watched, { verdict, checks }: WatchOutcome, at: number): Command {
  const { id: releaseId, slice } = release;
  return { type: "finish-slice", at, releaseId, step: watchOf(release).step, slice, verdict, checks };
}

/** Whether a release that was paused goes on: then its hold may be over, and nobody waits for the end of the slice. */
async function isResumed({ deps, work }: Job, release: Watched): Promise<boolean> {
  if (!isPaused(release)) return false;
  const { active } = (await deps.store.look(work.service)).state;
  return active?.status !== "rolling-out" || !active.paused;
}

type Window = Readonly<{
  release: Watched | ReleaseIn<"awaiting-approval">;
  config: ReleaseConfig;
  forMs: number;
}>;

function watchWindow({ deps, work, signal }: Job, { release, config, forMs }: Window): Promise<WatchOutcome> {
  const { run, probe, clock } = deps;
  const { candidate, stable } = release;
  const { verify, rollout } = config;
  return watchSlice({
    run,
    probe,
    clock,
    service: work.service,
    pair: { candidate, stable },
    verify,
    watch: rollout.watch,
    expected: wantedSplit(release) ?? [],
    forMs,
    signal,
  });
}

/** Looks at a candidate that waits for approval: at intervals, because a candidate that scales to zero costs money awake. */
export async function watchWaiting(job: Job): Promise<Command | Again | null> {
  const release = activeOf(job, "awaiting-approval");
  if (!release) return null;
  const config = await configOf(job, release.configHash);
  const watched = await watchWindow(job, { release, config, forMs: 0 });
  if (watched.verdict !== "fail") return { againMs: release.plan.watchWaitingEveryMs };
  return { type: "fail-waiting", at: job.deps.clock.now(), releaseId: release.id, checks: watched.checks };
}
