import type { ReleaseId } from "./ids.ts";
import { type WordedRelease, wordsOf } from "./release-words.ts";
import type { ServiceState } from "./service-state.ts";
import { isEnd, type ReleaseStatus } from "./words.ts";

/** What a person may do to a release. */
export type Capability = "cancel" | "approve" | "reject" | "rollBack";

/** How a person may steer a release that is getting traffic. */
export type Steering = "pause" | "resume" | "promote";

/** The statuses in which each is possible. Once a release has traffic the way out is to roll it back. */
const possibleIn = {
  cancel: ["queued", "building", "deploying", "verifying", "awaiting-approval", "held"],
  approve: ["awaiting-approval"],
  reject: ["awaiting-approval"],
  rollBack: ["rolling-out", "baking", "held"],
  pause: ["rolling-out"],
  resume: ["rolling-out"],
  promote: ["rolling-out"],
} as const satisfies Record<Capability | Steering, readonly ReleaseStatus[]>;

const verbs: Readonly<Record<Capability | Steering, string>> = {
  cancel: "cancelled",
  approve: "approved",
  reject: "rejected",
  rollBack: "rolled back",
  pause: "paused",
  resume: "resumed",
  promote: "promoted",
};

/** A yes, or a no with the sentence that a disabled button shows. */
export type Permission = Readonly<{ allowed: true } | { allowed: false; disabledReason: string }>;

const yes: Permission = { allowed: true };

function no(disabledReason: string): Permission {
  return { allowed: false, disabledReason };
}

function permission(capability: Capability | Steering, release: WordedRelease): Permission {
  const { status } = release;
  if (possibleIn[capability].some((possible) => possible === status)) return yes;
  return no(whyNot(capability, release));
}

function whyNot(capability: Capability | Steering, release: WordedRelease): string {
  const { status } = release;
  const { sentence } = wordsOf(release);
  if (capability === "cancel" && (status === "rolling-out" || status === "baking")) {
    return `The release ${sentence}: roll it back instead.`;
  }
  if (capability === "rollBack" && !isEnd(status) && status !== "rolling-back") {
    return `The release ${sentence} and has no traffic to take back: cancel it instead.`;
  }
  if (capability === "rollBack" && status === "live") {
    return "The release is live: roll back the service instead.";
  }
  return `The release ${sentence} and cannot be ${verbs[capability]}.`;
}

type Steered = WordedRelease & Readonly<{ paused: boolean }>;

function pause(release: Steered): Permission {
  const possible = permission("pause", release);
  return possible.allowed && release.paused ? no("The release is paused already.") : possible;
}

function resume(release: Steered): Permission {
  const possible = permission("resume", release);
  return possible.allowed && !release.paused ? no("The release is not paused.") : possible;
}

/** True where going back means something: a release with traffic, or a live one that replaced another revision. */
function rollBackService(state: ServiceState): Permission {
  const { active, live } = state;
  if (active !== null && permission("rollBack", active).allowed) return yes;
  if (active?.status === "rolling-back") return no("The service is being rolled back already.");
  if (live === null) return no("No release of Gantry's is live, so there is nothing to go back from.");
  if (live.stable === null)
    return no("The live release is the first of the service: there is no revision to go back to.");
  return yes;
}

/** What is possible now, for display: whoever acts on it is still judged by `decide`. */
export const can = {
  cancel: (release: WordedRelease): Permission => permission("cancel", release),
  approve: (release: WordedRelease): Permission => permission("approve", release),
  reject: (release: WordedRelease): Permission => permission("reject", release),
  rollBack: (release: WordedRelease): Permission => permission("rollBack", release),
  rollBackService,
  pause,
  resume,
  promote: (release: WordedRelease): Permission => permission("promote", release),
} as const;

/** The one thing that most likely should be offered for the service now; null = nothing needs a person. */
export function neededAction(
  state: ServiceState,
): Readonly<{ capability: Capability; releaseId: ReleaseId }> | null {
  const release = state.active;
  if (release === null) return null;
  if (can.approve(release).allowed) return { capability: "approve", releaseId: release.id };
  if (can.rollBack(release).allowed) return { capability: "rollBack", releaseId: release.id };
  if (can.cancel(release).allowed) return { capability: "cancel", releaseId: release.id };
  return null;
}
