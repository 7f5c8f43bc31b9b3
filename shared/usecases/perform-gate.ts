import type { Command } from "../domain/commands.ts";
import { runGate } from "./gate.ts";
import { activeOf, configOf, type Job } from "./job.ts";
import { learntColdStarts } from "./learnt-cold-starts.ts";

/** Nothing but a warning comes of it, so no gate fails for want of it. */
async function learnt({ deps, work }: Job): Promise<readonly number[]> {
  const { store, log } = deps;
  const { service, releaseId } = work;
  try {
    return await learntColdStarts({ store, service });
  } catch (error) {
    log.warn(
      { service, releaseId, err: String(error) },
      "The cold starts of earlier releases cannot be read; this one is not compared with them",
    );
    return [];
  }
}

/** Runs the gate over the candidate and reports what it found. */
export async function verifyCandidate(job: Job): Promise<Command | null> {
  const { deps, work, signal } = job;
  const release = activeOf(job, "verifying");
  if (!release) return null;
  const config = await configOf(job, release.configHash);
  const { run, probe, metrics, logs, clock } = deps;
  const { service } = work;
  const { candidate, stable } = release;
  const learntMs = config.verify.coldStart === null ? [] : await learnt(job);
  const gate = await runGate({
    run,
    probe,
    metrics,
    logs,
    learntMs,
    clock,
    service,
    pair: { candidate, stable },
    config: config.verify,
    signal,
  });
  const { verdict, checks, coldStartMs } = gate;
  const approvalId = `${deps.ids.short()}${deps.ids.short()}`;
  return {
    type: "finish-gate",
    at: clock.now(),
    releaseId: release.id,
    verdict,
    checks,
    approvalId,
    coldStartMs,
  };
}
