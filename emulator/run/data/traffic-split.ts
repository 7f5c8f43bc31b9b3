import type { EffectiveTarget } from "../control/service-records.ts";

/** What a service's addresses lead to, and while traffic moves also what they led to before. Times are milliseconds. */
export type Route = Readonly<{
  targets: readonly EffectiveTarget[];
  previous: Readonly<{ targets: readonly EffectiveTarget[]; from: number; until: number }> | null;
}>;

/** The revision for a number between 0 and 1, by weight; null when no target has a share. */
export function pickByWeight(targets: readonly EffectiveTarget[], chance: number): string | null {
  const total = targets.reduce((sum, { percent }) => sum + percent, 0);
  let left = chance * total;
  for (const { revision, percent } of targets) {
    left -= percent;
    if (percent > 0 && left < 0) return revision;
  }
  return null;
}

/** Traffic does not move in an instant: until the move is over, a growing part of the requests sees the new split. */
export function pickRevision(route: Route, random: () => number, now: number): string | null {
  const { previous, targets } = route;
  if (previous !== null && now < previous.until && previous.targets.length > 0) {
    const progress = (now - previous.from) / (previous.until - previous.from);
    if (random() >= progress) return pickByWeight(previous.targets, random());
  }
  return pickByWeight(targets, random());
}

/** The revision behind a tag, or null when no entry carries it. */
export function revisionOfTag(route: Route, tag: string): string | null {
  return route.targets.find((target) => target.tag === tag)?.revision ?? null;
}
