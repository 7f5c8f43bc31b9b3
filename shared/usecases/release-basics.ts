import { configHash } from "../config/gantry-yaml.ts";
import type { CommitSha, ReleaseId, TagName, Timestamp } from "../domain/ids.ts";
import { knownAs } from "../domain/policy.ts";
import type { ApprovalConfig, ReleaseConfig } from "../domain/release-config.ts";
import type { Plan, ReleaseBasics } from "../domain/service-state.ts";
import { traceOf, traceparent } from "../ports/tracing.ts";
import type { Deps } from "./deps.ts";
import type { ReleaseRequest } from "./desk.ts";

/** A request with the tag and the commit that it is about. */
export type Tagged = Readonly<{
  request: ReleaseRequest;
  tag: TagName;
  commit: CommitSha;
  committedAt: Timestamp | null; // null = not known
}>;

/** What a release is from its first moment on, and for ever. */
export function basicsFor(
  deps: Deps,
  { request, tag, commit, committedAt }: Tagged,
  { id, config }: Readonly<{ id: ReleaseId; config: ReleaseConfig }>,
): ReleaseBasics {
  const { repository, requestId: delivery } = request;
  return {
    id,
    tag,
    commit,
    ...(committedAt === null ? {} : { committedAt }),
    repository,
    requestedBy: knownAs(deps.policy, request.requestedBy),
    requestedAt: deps.clock.now(),
    origin: { delivery, traceparent: traceparent(traceOf(id)) },
    configHash: configHash(config),
    plan: planOf(deps, request, config),
    ...(request.allowChange === undefined ? {} : { allows: request.allowChange }),
  };
}

/** Time beyond the build's own limit that Cloud Build may keep it waiting before it starts. */
const buildQueueAllowanceMs = 15 * 60_000;

function planOf({ settings }: Deps, request: ReleaseRequest, config: ReleaseConfig): Plan {
  const { rollout, approval, build } = config;
  return {
    steps: rollout.steps,
    bakeMs: rollout.bakeMs,
    approval: request.found === true ? withOneMore(approval) : approval,
    onFailure: rollout.onFailure,
    buildDeadlineMs: build.timeoutMs + buildQueueAllowanceMs,
    pollBuildEveryMs: settings.pollBuildEveryMs,
    ...(settings.pollBuildUpToMs === null ? {} : { pollBuildUpToMs: settings.pollBuildUpToMs }),
    sliceMs: settings.sliceMs,
    watchWaitingEveryMs: settings.watchWaitingEveryMs,
  };
}

/**
 * Nobody knows who pushed a tag that was found. Where authors may not approve, one more has to: one of those who approve may
 * be the author, and all others are not.
 */
function withOneMore(approval: ApprovalConfig): ApprovalConfig {
  const { required, authorMayApprove, count } = approval;
  return required && !authorMayApprove ? { ...approval, count: count + 1 } : approval;
}
