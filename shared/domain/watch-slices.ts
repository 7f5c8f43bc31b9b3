import type { Verdict } from "./events.ts";
import type { Timestamp } from "./ids.ts";
import { graceWithoutEvidenceMs, stepAt } from "./release-plan.ts";
import type { ReleaseIn } from "./service-state.ts";

/** The share of what was watched so far that is not written down yet at most, but for the first slices. */
const unwrittenShare = 0.1;

/** Nobody waits for longer for a word about a release that is watched. */
const longestSliceMs = 30 * 60_000;

export type Watched = ReleaseIn<"rolling-out" | "baking">;

type Asked = Readonly<{
  now: Timestamp;
  /** The last moment at which who watches may begin another piece of work; infinite where nothing ends it. */
  until: Timestamp;
  /** The slice was begun before, and whoever did so died: it may happen again. */
  isAgain: boolean;
}>;

/**
 * How long the slice that begins now may last before what it saw is written down: `sliceMs` at first, then a tenth of what was
 * watched already, half an hour at most; never past the hold, and past `until` by no more than `sliceMs`. 0 = one round. It is watched
 * and judged in windows of `sliceMs` however long it is.
 */
export function sliceLength(release: Watched, { now, until, isAgain }: Asked): number {
  const { sliceMs } = release.plan;
  const { since, holdMs } = watchOf(release);
  const heldMs = now - (since ?? now);
  const windows = (ms: number): number => Math.floor(ms / sliceMs) * sliceMs;
  const grown = isAgain ? 0 : Math.min(longestSliceMs, windows(heldMs * unwrittenShare));
  const most = Math.max(sliceMs, Math.min(grown, until + sliceMs - now));
  return isPaused(release) ? most : Math.max(0, Math.min(most, holdMs - heldMs));
}

/** A pause stands over every hold. */
export function isPaused(release: Watched): boolean {
  return release.status === "rolling-out" && release.paused;
}

type Windows = Readonly<{ now: Timestamp; before: Verdict | null; verdict: Verdict }>;

/**
 * Whether what a window brought is to be written down at once, however long the slice still is: a failure, another verdict than
 * that of the window before, and what would take the release back for want of evidence.
 */
export function isNews(release: Watched, { now, before, verdict }: Windows): boolean {
  if (verdict === "fail" || (before !== null && verdict !== before)) return true;
  const { since, holdMs } = watchOf(release);
  return verdict === "inconclusive" && now - (since ?? now) >= holdMs + graceWithoutEvidenceMs;
}

/** What stands watch now: which step (null = the bake), since when (null = its traffic is on its way), and for how long. */
export function watchOf(
  release: Watched,
): Readonly<{ step: number | null; since: Timestamp | null; holdMs: number }> {
  const { plan } = release;
  if (release.status === "baking") return { step: null, since: release.since, holdMs: plan.bakeMs };
  return { step: release.step, since: release.movedAt, holdMs: stepAt(plan, release.step)?.holdMs ?? 0 };
}
