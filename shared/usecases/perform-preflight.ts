import type { Command, FoundChanges } from "../domain/commands.ts";
import { driftRows } from "../domain/drift.ts";
import type { Finding } from "../domain/finding.ts";
import type { ServiceKey } from "../domain/ids.ts";
import type { ServiceState } from "../domain/service-state.ts";
import { type Split, soleRevision, splitOf } from "../domain/traffic.ts";
import type { SettingsReading } from "../ports/run.ts";
import { type Again, activeOf, configOf, type Job } from "./job.ts";
import { runPreflight } from "./read-preflight.ts";

/** Looks before the build: what would fail later fails now, and what somebody else changed is not built over. */
export async function performPreflight(job: Job): Promise<Command | null> {
  const { deps, state } = job;
  const release = activeOf(job, "building");
  if (!release || release.build !== null || release.checked === true) return null;
  const config = await configOf(job, release.configHash);
  const { id: releaseId, tag, repository, allows } = release;
  const intention = { releaseId, tag, repository, config, allowance: allows ?? null };
  const { findings, reading } = await runPreflight(deps, intention);
  const changes = changesSince(state, reading);
  const drifted: readonly Finding[] = changes.rows.length === 0 ? [] : [drift(state.key, changes)];
  return {
    type: "finish-preflight",
    at: deps.clock.now(),
    releaseId,
    findings: [...drifted, ...findings],
    changes,
  };
}

function drift(service: ServiceKey, { rows }: FoundChanges): Finding {
  return {
    severity: "stops",
    code: "service-drifted",
    message: "Somebody changed the service since Gantry left it.",
    next: `gantry accept ${service} --reason TEXT`,
    rows,
  };
}

/** What somebody else did to the service since Gantry left it; no rows where that is not known. */
export function changesSince(state: ServiceState, reading: SettingsReading | null): FoundChanges {
  const { left, warmth } = state;
  const settings = reading?.settings ?? null;
  const served = reading === null ? [] : servedBy(reading);
  const isComparable = left !== undefined && left.lookEveryMs !== null && !left.isStale;
  return {
    rows: isComparable ? driftRows(left, { settings, served }, { isWarmed: warmth !== undefined }) : [],
    by: reading?.modifiedBy ?? null,
    settings,
    serving: soleRevision(served),
  };
}

function servedBy({ snapshot }: SettingsReading): Split {
  return splitOf({ shares: snapshot.effective, latest: snapshot.latestReadyRevision });
}

/**
 * Looks whether the service is still as Gantry left it, at intervals and only while nothing of Gantry's own is under way. What
 * is still being carried out is looked at again.
 */
export async function checkDrift(job: Job): Promise<Command | Again | null> {
  const { deps, work, state } = job;
  const { left } = state;
  if (left === undefined || left.lookEveryMs === null || state.active !== null) return null;
  const reading = await deps.run.readSettings(work.service);
  if (reading !== null && !reading.snapshot.settled && reading.snapshot.ready.state === "working")
    return { againMs: deps.settings.retryMaxMs };
  if (left.isStale) return noted(job, reading, left.lookEveryMs);
  const changes = changesSince(state, reading);
  const isSettled = changes.rows.length === 0 && state.drift === undefined;
  if (isSettled || isKnown(state, changes)) return { againMs: left.lookEveryMs };
  const { releaseId } = left;
  return { type: "report-changes", at: deps.clock.now(), releaseId, leftAt: left.at, ...changes };
}

function isKnown({ drift: known }: ServiceState, { rows }: FoundChanges): boolean {
  return known !== undefined && JSON.stringify(known.rows) === JSON.stringify(rows);
}

/** After a release that wrote the service and could not say how it left it, what is there counts as left by Gantry. */
function noted({ deps, work }: Job, reading: SettingsReading | null, lookEveryMs: number): Command | Again {
  if (reading === null) return { againMs: lookEveryMs };
  const { settings } = reading;
  const serving = soleRevision(servedBy(reading));
  const at = deps.clock.now();
  return { type: "note-settings", at, releaseId: work.releaseId, settings, serving, lookEveryMs };
}
