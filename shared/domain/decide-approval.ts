import type { CommandOf } from "./commands.ts";
import { beginStep } from "./decide-progress.ts";
import { type Decision, events, nothing, refuse } from "./decision.ts";
import type { ServiceEvent } from "./events.ts";
import type { TagName } from "./ids.ts";
import { isSamePerson } from "./person-name.ts";
import { firstStep, stepAt } from "./release-plan.ts";
import { gantry, rollBackTo } from "./rollback-events.ts";
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

function strangerRefusal(release: ActiveRelease, command: CommandOf<"approve" | "reject">): Decision | null {
  const { from } = release.plan.approval;
  if (from.length === 0 || command.groups.some((group) => from.includes(group))) return null;
  const unasked = (command.unasked ?? []).filter((group) => from.includes(group));
  if (unasked.length > 0)
    return refuse(
      "group-not-askable",
      `Slack could not be asked who is in ${unasked.join(", ")} just now, so nothing was decided on ${release.tag} and nothing changed. Try again in a minute; whom gantry.policy.yaml names in person decides meanwhile.`,
      `gantry ${command.type} ${release.id}`,
    );
  return refuse(
    "not-an-approver",
    `${command.by.name} may not decide on ${release.tag}; these may: ${from.join(", ")}.`,
    `gantry releases show ${release.id}`,
  );
}

/** A decision is about the request that the person saw, and about no other. */
function otherRequest(
  { approvalId, releaseId }: CommandOf<"approve" | "reject">,
  asked: string,
  tag: TagName,
): Decision | null {
  if (approvalId === asked) return null;
  const why =
    approvalId === null
      ? `The decision does not say which request it is about: send \`approvalId\`, which is \`approval.id\` of ${tag} as you saw it.`
      : `This decision is about another request than the one of ${tag}.`;
  return refuse("approval-void", `${why} Nothing was decided.`, `gantry releases show ${releaseId}`);
}

function approverRefusal(
  release: ReleaseIn<"awaiting-approval">,
  command: CommandOf<"approve" | "reject">,
): Decision | null {
  const other = otherRequest(command, release.approvalId, release.tag);
  if (other) return other;
  if (command.at >= release.expiresAt)
    return refuse(
      "approval-expired",
      `The time to approve ${release.tag} is over.`,
      `gantry deploy ${release.tag}`,
    );
  return strangerRefusal(release, command);
}

/** Approves this release, this plan; the last approval that was asked for starts the rollout. */
export function decideApprove(command: CommandOf<"approve">, state: ServiceState): Decision {
  const release = awaiting(state, command.releaseId);
  if (!release) return noApproval(command.releaseId);
  const refusal = approverRefusal(release, command);
  if (refusal) return refusal;
  const { at, by, releaseId } = command;
  if (isSamePerson(by, release.requestedBy) && !release.plan.approval.authorMayApprove)
    return refuse(
      "self-approval",
      `${by.name} pushed ${release.tag} and may not approve it.`,
      `gantry releases show ${releaseId}`,
    );
  if (release.approvedBy.some((other) => isSamePerson(other, by))) return nothing;
  const given: ServiceEvent = { type: "approval-given", at, releaseId, by };
  const isEnough = release.approvedBy.length + 1 >= release.plan.approval.count;
  return isEnough ? events(given, ...beginStep(release, firstStep(release), at)) : events(given);
}

function rejection({ by, reason }: CommandOf<"reject">, tag: string): Failure {
  return {
    code: "rejected-by-person",
    message: `${by.name} rejected ${tag}${reason === "" ? "" : `: ${reason}`}.`,
  };
}

/** Of an approval and a rejection at the same moment the rejection counts, whichever was written down first. */
function rejectAfterTie(command: CommandOf<"reject">, { active }: ServiceState): Decision | null {
  if (active?.id !== command.releaseId || active.status !== "rolling-out") return null;
  if (active.approved?.at !== command.at) return null;
  const refusal =
    otherRequest(command, active.approved.approvalId, active.tag) ?? strangerRefusal(active, command);
  if (refusal) return refusal;
  const { at, by } = command;
  return events(
    rollBackTo({ release: active, target: active.stable, by, at, failure: rejection(command, active.tag) }),
  );
}

/** Ends the release without traffic. The first decision wins; on a tie this one does. */
export function decideReject(command: CommandOf<"reject">, state: ServiceState): Decision {
  const release = awaiting(state, command.releaseId);
  if (!release) return rejectAfterTie(command, state) ?? noApproval(command.releaseId);
  const refusal = approverRefusal(release, command);
  if (refusal) return refusal;
  const { at, by, releaseId } = command;
  return events({ type: "release-rejected", at, releaseId, by, failure: rejection(command, release.tag) });
}

function rollingOut(state: ServiceState, releaseId: string): ReleaseIn<"rolling-out"> | null {
  const { active } = state;
  return active?.id === releaseId && active.status === "rolling-out" ? active : null;
}

function notRollingOut(releaseId: string): Decision {
  return refuse(
    "not-rolling-out",
    `${releaseId} is not getting traffic in steps now.`,
    `gantry releases show ${releaseId}`,
  );
}

/** No further step is taken until somebody resumes or promotes; the watch goes on, and still takes back what is bad. */
export function decidePause({ at, by, releaseId }: CommandOf<"pause">, state: ServiceState): Decision {
  const release = rollingOut(state, releaseId);
  if (!release) return notRollingOut(releaseId);
  return release.paused ? nothing : events({ type: "rollout-paused", at, releaseId, by });
}

export function decideResume({ at, by, releaseId }: CommandOf<"resume">, state: ServiceState): Decision {
  const release = rollingOut(state, releaseId);
  if (!release) return notRollingOut(releaseId);
  if (release.paused) return events({ type: "rollout-resumed", at, releaseId, by });
  return refuse("not-paused", `${release.tag} is not paused.`, `gantry releases show ${releaseId}`);
}

/** Takes the last step next, whatever holds are left, and whether or not the step before it came to pass. */
export function decidePromote({ at, by, releaseId }: CommandOf<"promote">, state: ServiceState): Decision {
  const release = rollingOut(state, releaseId);
  if (!release) return notRollingOut(releaseId);
  const last = release.plan.steps.length - 1;
  if (release.step === last) return nothing;
  const percent = stepAt(release.plan, last)?.percent ?? 100;
  return events(
    { type: "rollout-promoted", at, releaseId, by },
    { type: "step-began", at, releaseId, step: last, percent },
  );
}

export function decideExpiry(command: CommandOf<"expire-approval">, state: ServiceState): Decision {
  const release = awaiting(state, command.releaseId);
  if (!release || command.at < release.expiresAt) return nothing;
  const failure: Failure = { code: "approval-expired", message: `Nobody approved ${release.tag} in time.` };
  return events({
    type: "release-rejected",
    at: command.at,
    releaseId: release.id,
    by: gantry,
    failure,
  });
}
