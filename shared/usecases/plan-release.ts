import { driftRefusal } from "../domain/decide-drift.ts";
import { byGravity, type Finding, mayBegin } from "../domain/finding.ts";
import type { CommitSha, ServiceKey, TagName } from "../domain/ids.ts";
import type { RolloutStep } from "../domain/release-config.ts";
import { examine } from "./admit.ts";
import type { Deps } from "./deps.ts";
import type { ReleaseRequest } from "./desk.ts";
import { changesSince, driftFinding } from "./perform-preflight.ts";
import { runPreflight, settledReading } from "./read-preflight.ts";
import { releaseIdFor } from "./release-id.ts";

/**
 * What a release of a tag would meet now. `refused`: it would not be taken at all. `planned`: it would be, and `mayBegin` says
 * whether it would get as far as its build.
 */
export type ReleasePlan =
  | Readonly<{
      outcome: "refused";
      code: string;
      message: string;
      problems: readonly string[];
      service: ServiceKey | null;
    }>
  | Readonly<{
      outcome: "planned";
      service: ServiceKey;
      tag: TagName;
      commit: CommitSha;
      mayBegin: boolean;
      findings: readonly Finding[];
      /** The release that it would wait for, or take the place of. */
      ahead: TagName | null;
      steps: readonly RolloutStep[];
      bakeMs: number;
      approvals: number; // 0 = nobody is asked
    }>;

/** A person waits for the plan: a write that is still being carried out then is judged as it stands. */
const settleMs = 5_000;

/** Runs the checks of admission and of the preflight, and changes nothing. @throws AppError where something cannot be read. */
export async function planRelease(deps: Deps, request: ReleaseRequest): Promise<ReleasePlan> {
  const releaseId = releaseIdFor(request.requestId);
  const admission = await examine(deps, request, releaseId);
  if ("code" in admission) {
    const { code, message, problems = [], service = null } = admission;
    return { outcome: "refused", code, message, problems, service };
  }
  const { service, release, config } = admission;
  const { state } = await deps.store.load(service);
  const { tag, commit, repository, plan, allows, prebuilt } = release;
  const intention = {
    releaseId,
    tag,
    repository,
    config,
    allowance: allows ?? null,
    isBuilt: prebuilt === undefined,
  };
  const signal = AbortSignal.timeout(2 * settleMs);
  const reading = await settledReading(deps, { service, withinMs: settleMs, signal });
  const { findings } = await runPreflight(deps, intention, reading);
  const changes = changesSince(state, reading);
  const isDrifted = changes.rows.length > 0 || driftRefusal(state) !== null;
  const rows = changes.rows.length > 0 ? changes.rows : (state.drift?.rows ?? []);
  const all = byGravity(isDrifted ? [driftFinding(service, rows), ...findings] : findings);
  return {
    outcome: "planned",
    service,
    tag,
    commit,
    mayBegin: mayBegin(all),
    findings: all,
    ahead: state.active?.tag ?? null,
    steps: plan.steps,
    bakeMs: plan.bakeMs,
    approvals: plan.approval.required ? plan.approval.count : 0,
  };
}
