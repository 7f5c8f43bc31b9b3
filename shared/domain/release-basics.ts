import type { ActiveRelease, Pair, Progress, ReleaseBasics } from "./service-state.ts";

type KeyOf<T> = T extends T ? keyof T : never;

/** What a release has in one status or another. */
const ofProgress: Readonly<Record<KeyOf<Progress>, true>> = {
  status: true,
  build: true,
  checked: true,
  lost: true,
  image: true,
  candidate: true,
  stable: true,
  approvalId: true,
  approvedBy: true,
  expiresAt: true,
  step: true,
  fromPercent: true,
  movedAt: true,
  slice: true,
  paused: true,
  approved: true,
  since: true,
  failure: true,
  by: true,
  target: true,
  found: true,
};

/** What stays of a release whatever its status; also what a newer Gantry wrote of it, and this one does not know. */
export function basicsOf<T extends ReleaseBasics>(release: T): Omit<T, KeyOf<Progress>> {
  return without(release, ofProgress);
}

function without<T extends object, K extends PropertyKey>(
  value: T,
  keys: Readonly<Record<K, true>>,
): Omit<T, K> {
  const kept = { ...value };
  for (const key of Object.keys(keys)) Reflect.deleteProperty(kept, key);
  return kept;
}

/** The candidate and its stable, in the statuses that have them. */
export function pairOf(release: ActiveRelease): Pair | null {
  return "candidate" in release ? { candidate: release.candidate, stable: release.stable } : null;
}
