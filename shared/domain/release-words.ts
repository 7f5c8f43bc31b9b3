import type { ReleaseStatus, StatusWords } from "./words.ts";
import { wordsOfStatus } from "./words.ts";

/** What of a release its words depend on; a record has all of it, the running release of a service some. */
export type WordedRelease = Readonly<{
  status: ReleaseStatus;
  failure?: Readonly<{ code: string }> | null;
  paused?: boolean;
  percent?: number; // of the traffic
  supersededBy?: string | null;
  prebuilt?: object; // its image was built elsewhere
}>;

const expired: StatusWords = {
  label: "Expired",
  emoji: "⏰",
  tone: "bad",
  sentence: "expired without approval",
};

const checkedFirst: StatusWords = {
  label: "Checking",
  emoji: "🔎",
  tone: "busy",
  sentence: "is being checked; its image was built elsewhere",
};

const wasLive: StatusWords = { label: "Was live", emoji: "☑️", tone: "quiet", sentence: "was live" };

function paused(percent: number | undefined): StatusWords {
  const at = percent === undefined ? "" : ` at ${percent} % of traffic`;
  return {
    label: "Paused",
    emoji: "⏸️",
    tone: "waiting",
    sentence: `is paused${at} and still watched`,
  };
}

/**
 * The words for a release, the same in Slack, CLI, console and API: those of its status, or of what people tell apart
 * within one: not built because its image is, paused while it rolls out, rejected because its time ran out, live until another one was.
 */
export function wordsOf(release: WordedRelease): StatusWords {
  const { status, supersededBy = null } = release;
  if (status === "rolling-out" && release.paused === true) return paused(release.percent);
  if (status === "building" && release.prebuilt !== undefined) return checkedFirst;
  if (isExpired(release)) return expired;
  return status === "live" && supersededBy !== null ? wasLive : wordsOfStatus(status);
}

/** Whether nobody approved it in time, which the record keeps as a rejection by Gantry. */
export function isExpired({ status, failure }: Pick<WordedRelease, "status" | "failure">): boolean {
  return status === "rejected" && failure?.code === "approval-expired";
}
