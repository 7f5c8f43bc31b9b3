import type { Timestamp } from "../../domain/ids.ts";
import type { Work } from "../../domain/work.ts";
import type { ClaimWish, OwedWork, Store } from "../../ports/store.ts";

/** All that one service owes. Pure: a claim is a question to the list and another list. */
export type OwedList = readonly OwedWork[];

/** What became of a list, and what it means to who asked; `list` null = nothing changes. */
export type ListChange<T> = Readonly<{ answer: T; list: OwedList | null }>;

/** Adds what is new, drops what is no longer owed, and leaves the rest as it is. */
export function reconciled(list: OwedList, owed: readonly Work[]): OwedList {
  const known = new Map(list.map((work) => [work.id, work]));
  return [...new Map(owed.map((work) => [work.id, work])).values()].map(
    (work) =>
      known.get(work.id) ?? { ...work, attempt: 0, claimedBy: null, leaseUntil: null, lastError: null },
  );
}

export function claimed(
  list: OwedList,
  { id, owner, now, leaseMs }: Parameters<Store["claimWork"]>[0],
): ListChange<OwedWork | null> {
  const work = list.find((each) => each.id === id);
  if (work === undefined || !isDue(work, now) || isLaneTaken(list, work, now))
    return { answer: null, list: null };
  const mine = { ...work, attempt: work.attempt + 1, claimedBy: owner, leaseUntil: now + leaseMs };
  return { answer: mine, list: withWork(list, mine) };
}

/** Claims the first of the wish that may be claimed. */
export function claimedFirst(list: OwedList, { ids, ...params }: ClaimWish): ListChange<OwedWork | null> {
  for (const id of ids) {
    const change = claimed(list, { id, ...params });
    if (change.list !== null) return change;
  }
  return { answer: null, list: null };
}

export function renewed(
  list: OwedList,
  { now, leaseMs, ...claim }: Parameters<Store["renewClaim"]>[0],
): ListChange<boolean> {
  const work = claimedWork(list, claim);
  if (work === undefined || (!isClaimed(work, now) && isLaneTaken(list, work, now)))
    return { answer: false, list: null };
  return { answer: true, list: withWork(list, { ...work, leaseUntil: now + leaseMs }) };
}

export function released(
  list: OwedList,
  { dueAt, error, ...claim }: Parameters<Store["releaseClaim"]>[0],
): ListChange<null> {
  const work = claimedWork(list, claim);
  if (work === undefined) return { answer: null, list: null };
  const given = { ...work, dueAt, claimedBy: null, leaseUntil: null, lastError: error };
  return { answer: null, list: withWork(list, given) };
}

/** When the first of it falls due, or its claim ends; null = nothing is owed. */
export function readyAt(list: OwedList): Timestamp | null {
  const times = list.map((work) => Math.max(work.dueAt, work.leaseUntil ?? 0));
  return times.length === 0 ? null : Math.min(...times);
}

export function isDue(work: OwedWork, now: Timestamp): boolean {
  return work.dueAt <= now && !isClaimed(work, now);
}

export function byDueTime(a: OwedWork, b: OwedWork): number {
  return a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1);
}

type Claim = Readonly<{ id: string; owner: string; attempt: number }>;

/** The work while it is this claim's, and no later one's of the same owner. */
function claimedWork(list: OwedList, { id, owner, attempt }: Claim): OwedWork | undefined {
  return list.find((each) => each.id === id && each.claimedBy === owner && each.attempt === attempt);
}

function isClaimed(work: OwedWork, now: Timestamp): boolean {
  return work.claimedBy !== null && work.leaseUntil !== null && work.leaseUntil > now;
}

function isLaneTaken(list: OwedList, work: OwedWork, now: Timestamp): boolean {
  const { id, lane } = work;
  return (
    lane !== null && list.some((other) => other.id !== id && other.lane === lane && isClaimed(other, now))
  );
}

function withWork(list: OwedList, changed: OwedWork): OwedList {
  return list.map((work) => (work.id === changed.id ? changed : work));
}
