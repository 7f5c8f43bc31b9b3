import type { Command } from "../domain/commands.ts";
import type { ReleaseId } from "../domain/ids.ts";
import { splitAt, splitsBeforeMove, splitsOfRelease, stepAt } from "../domain/release-plan.ts";
import type { Failure } from "../domain/service-state.ts";
import { buildRegionOf } from "../domain/source-connection.ts";
import type { WorkKind } from "../domain/work.ts";
import { AppError } from "../ports/app-error.ts";
import type { TrafficOutcome } from "../ports/run.ts";
import type { Deps } from "./deps.ts";
import { activeOf, type Job, type Performer } from "./job.ts";
import { checkBuild, startBuild } from "./perform-build.ts";
import { deployCandidate } from "./perform-deploy.ts";
import { verifyCandidate } from "./perform-gate.ts";
import { checkDrift, performPreflight } from "./perform-preflight.ts";
import { setMinimum } from "./perform-warmth.ts";
import { watch, watchWaiting } from "./perform-watch.ts";

async function expireApproval({ deps, work }: Job): Promise<Command> {
  return { type: "expire-approval", at: deps.clock.now(), releaseId: work.releaseId };
}

async function moveTraffic(job: Job): Promise<Command | null> {
  const { deps, work, signal } = job;
  const release = activeOf(job, "rolling-out");
  if (!release) return null;
  const percent = stepAt(release.plan, release.step)?.percent ?? 0;
  const outcome = await deps.run.setTraffic({
    service: work.service,
    target: splitAt(release, percent),
    tags: [release.candidate],
    expected: splitsBeforeMove(release),
    deadlineMs: deps.settings.trafficDeadlineMs,
    signal,
  });
  const at = deps.clock.now();
  if (outcome.outcome === "drifted") return drift(release.id, outcome, at);
  const message = `Cloud Run did not move ${percent} % to the candidate: ${outcome.outcome === "refused" ? outcome.message : ""}`;
  const failure: Failure | null =
    outcome.outcome === "refused" ? { code: "traffic-write-failed", message } : null;
  return { type: "finish-move", at, releaseId: release.id, step: release.step, failure };
}

function drift(
  releaseId: ReleaseId,
  { found }: Extract<TrafficOutcome, { outcome: "drifted" }>,
  at: number,
): Command {
  return { type: "report-drift", at, releaseId, found };
}

async function restoreStable(job: Job): Promise<Command | null> {
  const { deps, work, signal } = job;
  const release = activeOf(job, "rolling-back");
  if (!release) return null;
  const { service } = work;
  const { trafficDeadlineMs: deadlineMs } = deps.settings;
  if (release.target === null) {
    await deps.run.removeCandidate({ service, releaseId: release.id, ended: "failed", deadlineMs, signal });
    return { type: "finish-restore", at: deps.clock.now(), releaseId: release.id };
  }
  const target = [{ revision: release.target, percent: 100 }];
  const expected = release.by.kind === "person" ? null : [target, ...splitsOfRelease(release)];
  const outcome = await deps.run.setTraffic({ service, target, tags: [], expected, deadlineMs, signal });
  const at = deps.clock.now();
  if (outcome.outcome === "drifted") return drift(release.id, outcome, at);
  if (outcome.outcome === "effective") return { type: "finish-restore", at, releaseId: release.id };
  throw new AppError({
    code: "run-refused",
    message: `Cloud Run did not restore ${release.target}: ${outcome.message}`,
    transient: true,
  });
}

async function tidy({ deps, work, state, signal }: Job): Promise<Command | null> {
  const { service, releaseId } = work;
  const leftover = state.leftovers.find((left) => left.releaseId === releaseId);
  if (!leftover) return null;
  if (leftover.build)
    await deps.build.cancel({ service, releaseId, region: await buildRegion(deps, releaseId) });
  const { trafficDeadlineMs: deadlineMs } = deps.settings;
  if (leftover.candidate)
    await deps.run.removeCandidate({ service, releaseId, ended: leftover.ended, deadlineMs, signal });
  return { type: "finish-tidy", at: deps.clock.now(), releaseId, found: leftover.found };
}

/** A build is found only in its own region, which the release's config tells. */
async function buildRegion({ store }: Deps, releaseId: ReleaseId): Promise<string | null> {
  const record = await store.release(releaseId);
  const config = record && (await store.config(record.configHash));
  return config === null ? null : buildRegionOf(config.source);
}

/** Who does which work. */
export const performers: Readonly<Record<WorkKind, Performer>> = {
  preflight: performPreflight,
  "start-build": startBuild,
  "check-build": checkBuild,
  "deploy-candidate": deployCandidate,
  "verify-candidate": verifyCandidate,
  "expire-approval": expireApproval,
  "move-traffic": moveTraffic,
  watch,
  "watch-waiting": watchWaiting,
  "restore-stable": restoreStable,
  "set-minimum": setMinimum,
  tidy,
  "check-drift": checkDrift,
};
