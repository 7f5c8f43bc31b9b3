import { plain } from "./chat-escape.ts";
import type { EventType } from "./events.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { wordsOf } from "./release-words.ts";
import { entryOf } from "./schema.ts";
import type { ReleaseStatus } from "./words.ts";

/** What a deployment can be on GitHub (docs.github.com/en/rest/deployments/statuses). */
export type DeploymentState =
  | "queued"
  | "pending"
  | "in_progress"
  | "success"
  | "failure"
  | "error"
  | "inactive";

/** What a commit can be on GitHub (docs.github.com/en/rest/commits/statuses). */
export type CommitState = "pending" | "success" | "failure" | "error";

/** What the forge is to show of a release: beside its commit, and among the deployments. */
export type ForgeStatus = Readonly<{
  deployment: Readonly<{ state: DeploymentState; description: string; url: string | null }>;
  commit: Readonly<{ state: CommitState; description: string }>;
}>;

/** Longer descriptions are refused by GitHub. */
const longestDescription = 140;

type States = Readonly<{ deployment: DeploymentState; commit: CommitState }>;

const busy: States = { deployment: "in_progress", commit: "pending" };
const failed: States = { deployment: "failure", commit: "failure" };
const over: States = { deployment: "inactive", commit: "error" }; // it ended, and nothing of it was ever served

const states: Readonly<Record<ReleaseStatus, States>> = {
  queued: { deployment: "queued", commit: "pending" },
  building: busy,
  deploying: busy,
  verifying: busy,
  "awaiting-approval": { deployment: "pending", commit: "pending" },
  "rolling-out": busy,
  baking: busy,
  live: { deployment: "success", commit: "success" },
  "rolling-back": busy,
  held: { deployment: "error", commit: "error" },
  failed,
  "rolled-back": failed,
  rejected: failed,
  cancelled: over,
  superseded: over,
};

/**
 * What the forge shows of a release as it stands. It follows from the record alone, so that facts that come late or out of
 * order lead to the same. A release that is no longer live keeps the `success` of its commit.
 */
export function forgeStatus(record: ReleaseRecord): ForgeStatus {
  const { status, tag, supersededBy } = record;
  const { deployment, commit } = entryOf(states, status) ?? busy;
  const wasLive = status === "live" && supersededBy !== null;
  const description = plain(`${tag} ${sentenceOf(record)}`, longestDescription);
  const isOnItsWay = commit === "pending" && status !== "awaiting-approval";
  return {
    deployment: { state: wasLive ? "inactive" : deployment, description, url: serviceUrl(record) },
    commit: {
      state: commit,
      description: isOnItsWay ? plain(`${tag} is on its way`, longestDescription) : description,
    },
  };
}

function sentenceOf(record: ReleaseRecord): string {
  const { status, percent, failure, supersededByTag } = record;
  const { sentence } = wordsOf(record);
  if (status === "rolling-out" && !record.paused) return `${sentence}: ${percent} %`;
  if (status === "superseded" && supersededByTag !== null) return `was superseded by ${supersededByTag}`;
  return failure === null || status === "superseded" ? sentence : `${sentence}: ${failure.message}`;
}

/**
 * The service's own URL, taken from that of the candidate's tag, which stands before it
 * (https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags); null = not known.
 */
function serviceUrl({ candidate }: ReleaseRecord): string | null {
  if (candidate === null) return null;
  const match = /^(https?:\/\/)(.+)$/.exec(candidate.url);
  const [, scheme = "", host = ""] = match ?? [];
  const before = `${candidate.tag}---`;
  return host.startsWith(before) ? `${scheme}${host.slice(before.length)}` : null;
}

/** Facts after which a forge may have to show something else. */
const telling: ReadonlySet<EventType> = new Set<EventType>([
  "release-requested",
  "release-queued",
  "release-began",
  "release-superseded",
  "build-succeeded",
  "image-given",
  "candidate-deployed",
  "approval-requested",
  "rollout-paused",
  "rollout-resumed",
  "step-began",
  "traffic-moved",
  "bake-began",
  "release-live",
  "release-replaced",
  "release-reinstated",
  "rollback-began",
  "release-held",
  "release-failed",
  "release-rejected",
  "release-cancelled",
  "release-rolled-back",
]);

/** Whether a fact of this type may change what the forge shows. */
export function mayTurnForgeStatus(type: string): boolean {
  const isTelling: ReadonlySet<string> = telling;
  return isTelling.has(type);
}
