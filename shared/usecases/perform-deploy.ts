import type { Command, DeployResult } from "../domain/commands.ts";
import { guardrailRows, rowsInWords, settingsOfRows, sortRows } from "../domain/guardrails.ts";
import type { RevisionName } from "../domain/ids.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import { accountsFor } from "../domain/runtime-account.ts";
import type { ReleaseIn } from "../domain/service-state.ts";
import { withoutWarmth } from "../domain/warm-state.ts";
import { AppError } from "../ports/app-error.ts";
import type { CandidateOutcome, SettingsReading } from "../ports/run.ts";
import { activeOf, configOf, type Job } from "./job.ts";

type Ready = Extract<CandidateOutcome, { outcome: "ready" }>;

/** Adds the candidate at 0 %, and holds the revision that came of it against the guard rails before anything is sent to it. */
export async function deployCandidate(job: Job): Promise<Command | null> {
  const { deps, work, signal } = job;
  const release = activeOf(job, "deploying");
  if (!release) return null;
  const config = await configOf(job, release.configHash);
  const outcome = await deps.run.deployCandidate({
    service: work.service,
    releaseId: release.id,
    tag: release.tag,
    image: release.image,
    runtime: config.runtime,
    guardrails: config.guardrails,
    accounts: accountsFor(deps.policy, { repository: release.repository, service: config.service }),
    deadlineMs: deps.settings.deployDeadlineMs,
    signal,
  });
  const reading = await deps.run.readSettings(work.service);
  const lookEveryMs = deps.settings.driftEveryMs;
  return {
    type: "finish-deploy",
    at: deps.clock.now(),
    releaseId: release.id,
    result: await resultOf(job, { release, config, outcome, reading }),
    ...(reading === null ? {} : { left: { settings: reading.settings, lookEveryMs } }),
  };
}

type Deployed = Readonly<{
  release: ReleaseIn<"deploying">;
  config: ReleaseConfig;
  outcome: CandidateOutcome;
  reading: SettingsReading | null; // null = the service is gone again
}>;

async function resultOf(job: Job, deployed: Deployed): Promise<DeployResult> {
  const { outcome } = deployed;
  if (outcome.outcome !== "ready") return { failure: { code: outcome.code, message: outcome.message } };
  const { candidate, stable } = outcome;
  return (await brokenGuard(job, deployed, outcome)) ?? { candidate, stable };
}

/** The revision counts, not the template: somebody may have changed that meanwhile. */
async function brokenGuard(
  { deps, work }: Job,
  { release, config, reading }: Deployed,
  { candidate }: Ready,
): Promise<DeployResult | null> {
  const { service } = work;
  const template = await deps.run.readRevisionSettings({ service, revision: candidate.revision });
  if (template === null || reading === null) throw unreadable(candidate.revision);
  const { state } = await deps.store.load(service);
  const settings = withoutWarmth({ template, service: reading.settings.service }, state);
  const isWarmed = config.warmup?.mode === "minInstances";
  const rows = sortRows(guardrailRows(config.guardrails, { settings, isWarmed }), release.allows ?? null);
  if (rows.refused.length === 0) return null;
  const allow = `gantry deploy ${release.tag} --allow-change ${settingsOfRows(rows.refused)} --reason TEXT`;
  const message = `The new revision ${candidate.revision} does not keep the guard rails: ${rowsInWords(rows.refused)}. It had no traffic and is taken away. To allow it once: ${allow}`;
  return { failure: { code: "guardrail-broken", message }, rows: rows.refused };
}

/** A revision that nobody can look at is not let pass. */
function unreadable(revision: RevisionName): AppError {
  const message = `The revision ${revision} was ready, but its settings could not be read.`;
  return new AppError({ code: "run-unavailable", message, transient: true });
}
