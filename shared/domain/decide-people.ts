import type { CommandOf } from "./commands.ts";
import { beginStep } from "./decide-progress.ts";
import { type Decision, events, nothing, refuse } from "./decision.ts";
import type { ServiceEvent } from "./events.ts";
import { firstStep } from "./release-plan.ts";
import { rollBackTo } from "./rollback-events.ts";
import type { ActiveRelease, Failure, ReleaseIn, ServiceState } from "./service-state.ts";

function awaiting(state: ServiceState, releaseId: string): ReleaseIn<"awaiting-approval"> | null {
  const { active } = state;
  return active?.id === releaseId && active.status === "awaiting-approval" ? active : null;
}

function noApproval(releaseId: string): Decision {
  return refuse(
    "no-approval-awaited",
    `${releaseId} does not wait for approval.`,
    `gantry releases show ${releaseId}`,
  );
}

function approverRefusal(
  release: ReleaseIn<"awaiting-approval">,
  command: CommandOf<"approve" | "reject">,
): Decision | null {
  const { approval } = release.plan;
  if (command.at >= release.expiresAt)
    return refuse(
      "approval-expired",
      `The time to approve ${release.tag} is over.`,
      `gantry deploy ${release.tag}`,
    );
  if (approval.from.length > 0 && !command.groups.some((group) => approval.from.includes(group)))
    return refuse(
      "not-an-approver",
      `${command.by.name} may not decide on ${release.tag}; these may: ${approval.from.join(", ")}.`,
      `gantry releases show ${release.id}`,
    );
  return null;
}

/** Approves this release, this plan; the last approval that was asked for starts the rollout. */
export function decideApprove(command: CommandOf<"approve">, state: ServiceState): Decision {
  const release = awaiting(state, command.releaseId);
  if (!release) return noApproval(command.releaseId);
  const refusal = approverRefusal(release, command);
  if (refusal) return refusal;
  const { at, by, releaseId } = command;
  if (by.name === release.requestedBy.name && !release.plan.approval.authorMayApprove)
    return refuse(
      "self-approval",
      `${by.name} pushed ${release.tag} and may not approve it.`,
      `gantry releases show ${releaseId}`,
    );
  if (release.approvedBy.some(({ name }) => name === by.name)) return nothing;
  const given: ServiceEvent = { type: "approval-given", at, releaseId, by };
  const isEnough = release.approvedBy.length + 1 >= release.plan.approval.count;
  return isEnough ? events(given, ...beginStep(release, firstStep(release), at)) : events(given);
}

export function decideReject(command: CommandOf<"reject">, state: ServiceState): Decision {
  const release = awaiting(state, command.releaseId);
  if (!release) return noApproval(command.releaseId);
  const refusal = approverRefusal(release, command);
  if (refusal) return refusal;
  const { at, by, releaseId, reason } = command;
  const message = `${by.name} rejected ${release.tag}${reason === "" ? "" : `: ${reason}`}.`;
  return events({
    type: "release-rejected",
    at,
    releaseId,
    by,
    failure: { code: "rejected-by-person", message },
  });
}

export function decideExpiry(command: CommandOf<"expire-approval">, state: ServiceState): Decision {
  const release = awaiting(state, command.releaseId);
  if (!release || command.at < release.expiresAt) return nothing;
  const failure: Failure = { code: "approval-expired", message: `Nobody approved ${release.tag} in time.` };
  return events({
    type: "release-rejected",
    at: command.at,
    releaseId: release.id,
    by: { kind: "system", name: "gantry" },
    failure,
  });
}

function cancelled(command: CommandOf<"cancel">, tag: string): Decision {
  const { at, by, releaseId, reason } = command;
  const message = `${by.name} cancelled ${tag}${reason === "" ? "" : `: ${reason}`}.`;
  return events({
    type: "release-cancelled",
    at,
    releaseId,
    by,
    failure: { code: "cancelled-by-person", message },
  });
}

/** Ends a release without traffic, or one that is held: then the traffic stays as the person left it. */
export function decideCancel(command: CommandOf<"cancel">, state: ServiceState): Decision {
  const { releaseId } = command;
  const waiting = state.queue.find(({ id }) => id === releaseId);
  if (waiting) return cancelled(command, waiting.tag);
  const { active } = state;
  if (active?.id !== releaseId)
    return refuse("not-running", `${releaseId} does not run.`, `gantry releases show ${releaseId}`);
  if (active.status === "rolling-back")
    return refuse(
      "already-rolling-back",
      `${active.tag} is being rolled back.`,
      `gantry status ${state.key} --watch`,
    );
  if (active.status === "rolling-out" || active.status === "baking")
    return refuse(
      "already-exposed",
      `${active.tag} has traffic; it is not cancelled but rolled back.`,
      `gantry rollback ${state.key}`,
    );
  return cancelled(command, active.tag);
}

type Exposed = ReleaseIn<"rolling-out" | "baking" | "held">;

function isExposed(active: ActiveRelease): active is Exposed {
  return active.status === "rolling-out" || active.status === "baking" || active.status === "held";
}

function failureOf(command: CommandOf<"roll-back">, tag: string): Failure {
  const message = `${command.by.name} rolled ${tag} back${command.reason === "" ? "" : `: ${command.reason}`}.`;
  return { code: "rolled-back-by-person", message };
}

function rollBackLive(command: CommandOf<"roll-back">, state: ServiceState): Decision {
  const { live, active } = state;
  const { at, by } = command;
  const target = command.to ?? live?.stable ?? null;
  if (live === null || target === null || target === live.candidate.revision) {
    const why =
      live === null
        ? `Gantry has no live release of ${state.key} to roll back`
        : `No revision before ${live.candidate.revision} is known`;
    return refuse(
      "nothing-to-roll-back-to",
      `${why}.`,
      `gantry rollback ${state.key} --to REVISION --direct`,
    );
  }
  const stopped: readonly ServiceEvent[] = active
    ? [{ type: "release-cancelled", at, releaseId: active.id, by, failure: failureOf(command, live.tag) }]
    : [];
  return events(
    ...stopped,
    rollBackTo({ release: live, target, by, at, failure: failureOf(command, live.tag) }),
  );
}

/**
 * Puts the service back: a release with traffic to its stable, else the live one to the revision before it. A release
 * without traffic is stopped first, so that nothing rolls out what was just taken back.
 */
export function decideRollBack(command: CommandOf<"roll-back">, state: ServiceState): Decision {
  const { active } = state;
  if (active?.status === "rolling-back")
    return refuse(
      "already-rolling-back",
      `${active.tag} is being rolled back.`,
      `gantry status ${state.key} --watch`,
    );
  if (!active || !isExposed(active)) return rollBackLive(command, state);
  const { at, by } = command;
  return events(
    rollBackTo({
      release: active,
      target: command.to ?? active.stable,
      by,
      at,
      failure: failureOf(command, active.tag),
    }),
  );
}

export function decideFree(command: CommandOf<"free-digest">, state: ServiceState): Decision {
  const { at, by, digest, releaseId } = command;
  const isKnown = state.quarantine.some((entry) => entry.digest === digest);
  if (!isKnown)
    return refuse(
      "not-quarantined",
      `${digest} is not in quarantine.`,
      `gantry quarantine list ${state.key}`,
    );
  return events({ type: "digest-freed", at, releaseId, digest, by });
}
