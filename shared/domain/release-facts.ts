import { escaped, link, type Mentions } from "./chat-escape.ts";
import type { CommitSha, RevisionName, ServiceKey, TagName, Timestamp } from "./ids.ts";
import type { ReleaseRecord } from "./release-record.ts";
import type { Actor } from "./service-state.ts";
import { type Split, stepSplit } from "./traffic.ts";
import { isEnd } from "./words.ts";

/** The approval of one release: `id` is the one-time name that binds a decision to this digest and this plan. */
export type ApprovalFacts = Readonly<{
  id: string;
  from: readonly string[]; // empty = anybody
  count: number;
  expiresAt: Timestamp | null; // null = never
  approvedBy: readonly Readonly<{ by: Actor; at: Timestamp }>[];
}>;

/** Somebody's decision that was taken in and is being carried out. */
export type DecisionUnderWay = Readonly<{ words: string; by: Actor; at: Timestamp }>;

/** All that a message about a release may say. */
export type ReleaseFacts = Readonly<{
  record: ReleaseRecord;
  consoleUrl: string; // of this release
  people: Mentions;
  /** The traffic as it was read; null or absent = what the record tells. */
  traffic?: Split | null;
  /** Where a rollback leads, where that is not the release's stable. */
  wayBack?: RevisionName | null;
  approval?: ApprovalFacts | null;
  /** The release that was live before; null or absent = none that Gantry knows. */
  previous?: Readonly<{ tag: TagName; commit: CommitSha }> | null;
  /** Disarms the message: no button that changes anything is left. */
  underWay?: DecisionUnderWay | null;
  /** The release is live, nothing newer runs, and its message may take it back. */
  canGoBack?: boolean;
  /** The release that took its place, or that is live since: where to read of it. */
  newerUrl?: string | null;
  /** The release that this one waits for. */
  ahead?: Readonly<{ tag: TagName; url: string }> | null;
  /** Where commits are shown; null = nowhere, as with a repository on this machine. */
  sourceSite?: string | null;
}>;

export const github = "https://github.com";

/** `name` of `project/region/name`. */
export function serviceName(service: ServiceKey): string {
  return service.slice(service.lastIndexOf("/") + 1);
}

/** What a release is called: `background-removal v1.8.0`, escaped. */
export function releaseName(record: ReleaseRecord): string {
  return `${escaped(serviceName(record.service), 60)} ${escaped(record.tag, 60)}`;
}

/** The revision that a rollback of this release leads to; null = there is none. */
export function wayBackOf({
  record,
  wayBack,
}: Pick<ReleaseFacts, "record" | "wayBack">): RevisionName | null {
  return wayBack === undefined ? record.stable : wayBack;
}

/** Who serves what as far as it is known; null = nobody has looked. */
export function splitNow(facts: ReleaseFacts): Split | null {
  const { record, traffic } = facts;
  if (traffic !== undefined && traffic !== null) return traffic;
  const target = wayBackOf(facts);
  if (record.status === "rolled-back") return target === null ? null : [{ revision: target, percent: 100 }];
  if (record.found !== null) return record.found;
  const { candidate, stable, percent } = record;
  if (candidate === null || (stable === null && percent === 0)) {
    return stable === null ? null : [{ revision: stable, percent: 100 }];
  }
  if (record.supersededBy !== null && record.status === "live") return null;
  return stepSplit({ candidate: candidate.revision, stable, percent });
}

const mostRevisions = 4;

/** The tag of the release that took the place of this one, as a link to it where one is known. */
export function newerName({ record, newerUrl }: Pick<ReleaseFacts, "record" | "newerUrl">): string {
  return record.supersededByTag === null
    ? "A newer tag"
    : link(newerUrl ?? "", escaped(record.supersededByTag, 60));
}

/** What each revision has, the candidate named also at 0 %. */
export function trafficLine(facts: ReleaseFacts): string {
  const { record } = facts;
  if (record.status === "live" && record.supersededBy !== null) {
    return `${newerName(facts)} is live since.`;
  }
  const split = splitNow(facts);
  return split === null ? unknownTraffic(facts) : `${beforeShares(facts)} ${sharesIn(split, record)}.`;
}

/** The same for the eye: more than one revision stands in lines of its own, its share first. */
export function trafficLines(facts: ReleaseFacts): readonly string[] {
  const { record } = facts;
  const isOver = record.status === "live" && record.supersededBy !== null;
  const shares = isOver ? [] : sharesOf(splitNow(facts) ?? [], record);
  if (shares.length < 2) return [trafficLine(facts)];
  const lines = shares
    .slice(0, mostRevisions)
    .map(
      (share) => `• *${share.percent} %*  ${revisionText(share.revision)}${roleOf(share.revision, record)}`,
    );
  const more = shares.length - lines.length;
  return [beforeShares(facts), ...lines, ...(more > 0 ? [`• ${more} more`] : [])];
}

function beforeShares(facts: ReleaseFacts): string {
  return facts.record.status === "rolling-back" ? `${backOnTheWay(facts)} Last seen:` : "Traffic:";
}

function unknownTraffic({ record, previous }: ReleaseFacts): string {
  if (record.status === "rolled-back" || record.status === "rolling-back") {
    return "There is no earlier revision to give the traffic to.";
  }
  if (record.candidate !== null) return "No revision served before this one.";
  return previous && !isEnd(record.status)
    ? `Traffic is unchanged: ${escaped(previous.tag, 60)} is live.`
    : "Traffic is unchanged: whatever served before still serves.";
}

/** Where the traffic of a rollback is going. */
export function backOnTheWay(facts: Pick<ReleaseFacts, "record" | "wayBack">): string {
  const target = wayBackOf(facts);
  return target === null
    ? "There is no earlier revision to give the traffic to."
    : `All traffic is on its way back to ${revisionText(target)}.`;
}

/** The shares of a split, the first few of many; the release's own revision also when it has none. */
export function sharesIn(split: Split, record: ReleaseRecord): string {
  const all = sharesOf(split, record);
  const told = all.slice(0, mostRevisions).map(({ revision, percent }) => {
    const role = roleOf(revision, record);
    return `${revisionText(revision)} ${percent} %${role}`;
  });
  const more = all.length - told.length;
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join(", ") || "no revision has any";
}

/** The release's own revision is among them also when it has no share. */
function sharesOf(split: Split, { candidate }: ReleaseRecord): Split {
  const isShown = split.some(({ revision }) => revision === candidate?.revision);
  return candidate === null || isShown ? split : [...split, { revision: candidate.revision, percent: 0 }];
}

function roleOf(revision: RevisionName, { candidate }: ReleaseRecord): string {
  return revision === candidate?.revision ? " (this release)" : "";
}

/** A revision in mrkdwn, set apart so that it is copied whole. */
export function revisionText(revision: RevisionName): string {
  return `\`${escaped(revision, 63)}\``;
}

/** The shares still ahead: `5 %, then 25 %, then 100 %`; empty when none is. */
export function stepsAhead(record: ReleaseRecord): readonly number[] {
  const { candidate, stable, plan, percent } = record;
  if (candidate !== null && stable === null) return percent < 100 || isWaiting(record) ? [100] : [];
  return plan.steps.map((step) => step.percent).filter((share) => share > percent);
}

function isWaiting({ status }: ReleaseRecord): boolean {
  return status === "awaiting-approval" || status === "verifying";
}

/** Shares in words; of more than five, the first three and the last. */
export function inSteps(shares: readonly number[]): string {
  const words = shares.map((share) => `${share} %`);
  if (words.length <= 5) return words.join(", then ");
  return [...words.slice(0, 3), `${words.length - 4} more steps`, words.at(-1)].join(", then ");
}

/** The same for a sentence: `5 % of traffic, then 25 %, then 100 %`. */
export function trafficSteps(shares: readonly number[]): string {
  return inSteps(shares).replace(" %", " % of traffic");
}

/** `90 s`, `30 min`, `2 h`: whole units, as people say them. */
export function spanWords(ms: number): string {
  if (ms >= 7_200_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 1000)} s`;
}
