import type { ReleaseId, RevisionName } from "./ids.ts";

/** One entry of a service's traffic list. `revision` null = whatever revision is the latest ready one. */
export type TrafficShare = Readonly<{ revision: RevisionName | null; percent: number; tag: string | null }>;

/** What share each named revision has; entries with 0 % are left out. */
export type Split = readonly Readonly<{ revision: RevisionName; percent: number }>[];

/** A name that leads to one revision past the split; `revision` null = to whatever revision is the latest ready one. */
export type TrafficTag = Readonly<{ revision: RevisionName | null; tag: string }>;

/**
 * The tag of a release's candidate: at most ten characters, so that with the longest service name of 49 it still fits
 * the one DNS label of `tag---service`.
 */
export function candidateTag(releaseId: ReleaseId): string {
  const end = releaseId.slice(-8).replace(/-+$/, (hyphens) => "0".repeat(hyphens.length));
  return `g-${end}`;
}

/** Tells the tags that Gantry sets from those of other owners. */
export function isGantryTag(tag: string): boolean {
  return tag.startsWith("g-");
}

/** What requests meet under a traffic list. Entries for the latest revision count for `latest`; null = there is none. */
export function splitOf({
  shares,
  latest,
}: Readonly<{ shares: readonly TrafficShare[]; latest: RevisionName | null }>): Split {
  const percents = new Map<RevisionName, number>();
  for (const { revision, percent } of shares) {
    const name = revision ?? latest;
    if (name !== null && percent > 0) percents.set(name, (percents.get(name) ?? 0) + percent);
  }
  return [...percents].map(([revision, percent]) => ({ revision, percent }));
}

/** The share of one revision, 0 where it has none. */
export function percentOf(split: Split, revision: RevisionName): number {
  return split.filter((share) => share.revision === revision).reduce((sum, { percent }) => sum + percent, 0);
}

/** The ONE revision that has all traffic; null when several share it or none has it. */
export function soleRevision(split: Split): RevisionName | null {
  const [only] = split;
  return only !== undefined && percentOf(split, only.revision) === 100 && isWholeSplit(split)
    ? only.revision
    : null;
}

/** Whether the shares are whole percents of distinct revisions that sum to 100. */
export function isWholeSplit(split: Split): boolean {
  const names = new Set(split.map(({ revision }) => revision));
  const areShares = split.every(({ percent }) => Number.isInteger(percent) && percent > 0 && percent <= 100);
  const sum = split.reduce((total, { percent }) => total + percent, 0);
  return areShares && names.size === split.length && sum === 100;
}

/** Whether two splits send every request the same way, in whatever order they are written. */
export function isSameSplit(left: Split, right: Split): boolean {
  const names = [...left, ...right].map(({ revision }) => revision);
  return names.every((name) => percentOf(left, name) === percentOf(right, name));
}

/** The split of one step: the candidate's share, cut to a whole percent from 0 to 100, and the rest to stable. */
export function stepSplit({
  candidate,
  stable,
  percent,
}: Readonly<{ candidate: RevisionName; stable: RevisionName | null; percent: number }>): Split {
  if (stable === null || stable === candidate) return [{ revision: candidate, percent: 100 }];
  const share = Number.isFinite(percent) ? Math.min(100, Math.max(0, Math.trunc(percent))) : 0;
  return [
    { revision: stable, percent: 100 - share },
    { revision: candidate, percent: share },
  ].filter((entry) => entry.percent > 0);
}

/** All tags of a traffic list. */
export function tagsOf(shares: readonly TrafficShare[]): readonly TrafficTag[] {
  return shares.flatMap(({ revision, tag }) => (tag === null ? [] : [{ revision, tag }]));
}

/**
 * The list that asks for a split and its tags: every share by name, every tag once (the first one given wins), a tag
 * beside its revision's share where it can stand there, else as an entry of 0 %.
 */
export function trafficList({
  split,
  tags,
}: Readonly<{ split: Split; tags: readonly TrafficTag[] }>): readonly TrafficShare[] {
  const list: TrafficShare[] = split.map(({ revision, percent }) => ({ revision, percent, tag: null }));
  const unique = tags.filter(({ tag }, index) => tags.findIndex((other) => other.tag === tag) === index);
  for (const { revision, tag } of unique) {
    const place = list.findIndex((share) => revision !== null && share.revision === revision && !share.tag);
    const share = list[place];
    if (share === undefined) list.push({ revision, percent: 0, tag });
    else list[place] = { ...share, tag };
  }
  return list;
}

/** The list without one tag: its entry of 0 % goes, an entry with a share keeps the share. */
export function withoutTag(shares: readonly TrafficShare[], tag: string): readonly TrafficShare[] {
  return shares.flatMap((share) => {
    if (share.tag !== tag) return [share];
    return share.percent > 0 ? [{ ...share, tag: null }] : [];
  });
}

/** A split as people read it: `95 % api-1, 5 % api-2`. */
export function describeSplit(split: Split): string {
  if (split.length === 0) return "no traffic to any revision";
  return split.map(({ revision, percent }) => `${percent} % ${revision}`).join(", ");
}
