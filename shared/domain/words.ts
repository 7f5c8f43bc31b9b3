import { entryOf } from "./schema.ts";

/** Where a release stands. The order of the first eight is the way of a good one. */
export const releaseStatuses = [
  "queued",
  "building",
  "deploying",
  "verifying",
  "awaiting-approval",
  "rolling-out",
  "baking",
  "live",
  "rolling-back",
  "held",
  "failed",
  "rolled-back",
  "rejected",
  "cancelled",
  "superseded",
] as const;

export type ReleaseStatus = (typeof releaseStatuses)[number];

/** Statuses that no event leaves, except that a live release may later be rolled back by a person. */
export const endStatuses = ["live", "failed", "rolled-back", "rejected", "cancelled", "superseded"] as const;

export type EndStatus = (typeof endStatuses)[number];

/** Tells whether the release has ended. */
export function isEnd(status: ReleaseStatus): status is EndStatus {
  return endStatuses.some((end) => end === status);
}

export type Tone = "waiting" | "busy" | "good" | "bad" | "quiet";

export type StatusWords = Readonly<{ label: string; emoji: string; tone: Tone; sentence: string }>;

/** The one place with words for a status: Slack, CLI, console and API all read them here. */
export const statusWords: Readonly<Record<ReleaseStatus, StatusWords>> = {
  queued: { label: "Queued", emoji: "⏳", tone: "waiting", sentence: "waits for the release before it" },
  building: { label: "Building", emoji: "🔨", tone: "busy", sentence: "is being built without cache" },
  deploying: { label: "Deploying", emoji: "📦", tone: "busy", sentence: "is being deployed at 0 % traffic" },
  verifying: { label: "Verifying", emoji: "🔎", tone: "busy", sentence: "is being verified at 0 % traffic" },
  "awaiting-approval": {
    label: "Awaiting approval",
    emoji: "✋",
    tone: "waiting",
    sentence: "waits for approval",
  },
  "rolling-out": { label: "Rolling out", emoji: "🚦", tone: "busy", sentence: "is getting traffic in steps" },
  baking: { label: "Baking", emoji: "♨️", tone: "busy", sentence: "has all traffic and is still watched" },
  live: { label: "Live", emoji: "✅", tone: "good", sentence: "is live" },
  "rolling-back": { label: "Rolling back", emoji: "↩️", tone: "bad", sentence: "is being rolled back" },
  held: { label: "Held", emoji: "🛑", tone: "bad", sentence: "is held and waits for a person" },
  failed: { label: "Failed", emoji: "❌", tone: "bad", sentence: "failed before it had traffic" },
  "rolled-back": { label: "Rolled back", emoji: "⏪", tone: "bad", sentence: "was rolled back" },
  rejected: { label: "Rejected", emoji: "🚫", tone: "bad", sentence: "was rejected" },
  cancelled: { label: "Cancelled", emoji: "⏹️", tone: "quiet", sentence: "was cancelled" },
  superseded: { label: "Superseded", emoji: "⏭️", tone: "quiet", sentence: "was superseded by a newer tag" },
};

const unknownStatus: StatusWords = {
  label: "Unknown",
  emoji: "❔",
  tone: "busy",
  sentence: "is where only a newer Gantry knows its way",
};

/** The words for a status; those for one that a newer Gantry wrote say so. */
export function wordsOfStatus(status: ReleaseStatus): StatusWords {
  return entryOf(statusWords, status) ?? unknownStatus;
}
