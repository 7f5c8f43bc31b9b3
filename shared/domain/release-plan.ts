import type { RolloutStep } from "./release-config.ts";
import type { ActiveRelease, Pair, Plan, ReleaseIn } from "./service-state.ts";
import { type Split, stepSplit } from "./traffic.ts";

/** How long a watch without evidence goes on past its hold before the release is taken back. */
export const graceWithoutEvidenceMs = 5 * 60_000;

/** The step with this number, counted from 0; null past the end. */
export function stepAt(plan: Plan, step: number): RolloutStep | null {
  return plan.steps[step] ?? null;
}

/** How long after its start a build is asked for again that was asked for so often. */
export function nextPollAfterMs(
  {
    pollBuildEveryMs,
    pollBuildUpToMs = pollBuildEveryMs,
  }: Pick<Plan, "pollBuildEveryMs" | "pollBuildUpToMs">,
  polls: number,
): number {
  const most = Math.max(pollBuildEveryMs, pollBuildUpToMs);
  const growing = Math.min(polls + 1, Math.ceil(Math.log2(most / pollBuildEveryMs)));
  return pollBuildEveryMs * (2 ** growing - 1) + most * (polls + 1 - growing);
}

/** The share that a release's candidate has while it rolls out; 0 before. */
export function percentOfStep(release: ActiveRelease): number {
  return release.status === "rolling-out" ? (stepAt(release.plan, release.step)?.percent ?? 0) : 0;
}

/** The first step of a release: all at once where nothing served before, because there is nobody to share with. */
export function firstStep(release: { readonly plan: Plan } & Pair): number {
  return release.stable === null ? release.plan.steps.length - 1 : 0;
}

/** The split that gives the candidate this share and stable the rest; sums to 100. */
export function splitAt(pair: Pair, percent: number): Split {
  return stepSplit({ candidate: pair.candidate.revision, stable: pair.stable, percent });
}

/** The split that a release last wanted, by its status; null when it has no candidate yet. */
export function wantedSplit(release: ActiveRelease): Split | null {
  switch (release.status) {
    case "building":
    case "deploying":
      return null;
    case "verifying":
    case "awaiting-approval":
      return splitAt(release, 0);
    case "rolling-out":
      return splitAt(release, stepAt(release.plan, release.step)?.percent ?? 0);
    case "baking":
      return splitAt(release, 100);
    case "rolling-back":
      return release.target === null ? [] : [{ revision: release.target, percent: 100 }];
    case "held":
      return release.found;
  }
}

/**
 * The splits that a move to the release's step may find and replace: the one before, the one that it wants, and those
 * between, which a step that was under way when the release was promoted may have left.
 */
export function splitsBeforeMove(release: ReleaseIn<"rolling-out">): readonly Split[] {
  const { plan, step, fromPercent } = release;
  const onTheWay = plan.steps.slice(0, step + 1).filter(({ percent }) => percent > fromPercent);
  return [splitAt(release, fromPercent), ...onTheWay.map(({ percent }) => splitAt(release, percent))];
}

/**
 * The splits that an automatic return to stable may find and replace: whatever any step of this release may have
 * left. Anything else was somebody's hand.
 */
export function splitsOfRelease(release: { readonly plan: Plan } & Pair): readonly Split[] {
  return [splitAt(release, 0), ...release.plan.steps.map((step) => splitAt(release, step.percent))];
}
