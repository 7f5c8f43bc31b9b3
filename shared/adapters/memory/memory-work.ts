import type { ServiceKey, Timestamp } from "../../domain/ids.ts";
import type { Work } from "../../domain/work.ts";
import type { ClaimWish, OwedWork, Store } from "../../ports/store.ts";

type ClaimParams = Parameters<Store["claimWork"]>[0];
type RenewParams = Parameters<Store["renewClaim"]>[0];
type ReleaseParams = Parameters<Store["releaseClaim"]>[0];

/** Owed work and its claims, by id. */
export class MemoryWork {
  readonly #owed = new Map<string, OwedWork>();

  /** Adds what is new, drops what is no longer owed, and leaves the rest as it is. */
  reconcile(params: Readonly<{ service: ServiceKey; owed: readonly Work[] }>): void {
    const wanted = new Set(params.owed.map((work) => work.id));
    for (const work of this.of(params.service)) if (!wanted.has(work.id)) this.#owed.delete(work.id);
    for (const work of params.owed)
      if (!this.#owed.has(work.id))
        this.#owed.set(work.id, { ...work, attempt: 0, claimedBy: null, leaseUntil: null, lastError: null });
  }

  of(service: ServiceKey): readonly OwedWork[] {
    return [...this.#owed.values()]
      .filter((work) => work.service === service)
      .sort(byDueTime)
      .map(copyOf);
  }

  due(params: Readonly<{ now: Timestamp; limit: number }>): readonly OwedWork[] {
    return [...this.#owed.values()]
      .filter((work) => work.dueAt <= params.now && !isClaimed(work, params.now))
      .sort(byDueTime)
      .slice(0, params.limit)
      .map(copyOf);
  }

  nextDueAt(): Timestamp | null {
    const times = [...this.#owed.values()].map((work) => Math.max(work.dueAt, work.leaseUntil ?? 0));
    return times.reduce<Timestamp | null>((least, at) => (least === null ? at : Math.min(least, at)), null);
  }

  claim({ id, owner, now, leaseMs }: ClaimParams): OwedWork | null {
    const work = this.#owed.get(id);
    if (work === undefined || work.dueAt > now || isClaimed(work, now) || this.#laneTaken(work, now))
      return null;
    const claimed = { ...work, attempt: work.attempt + 1, claimedBy: owner, leaseUntil: now + leaseMs };
    this.#owed.set(id, claimed);
    return copyOf(claimed);
  }

  /** Claims the first of these that may be claimed. */
  claimFirst({ ids, ...params }: ClaimWish): OwedWork | null {
    for (const id of ids) {
      const claimed = this.claim({ id, ...params });
      if (claimed !== null) return claimed;
    }
    return null;
  }

  renew({ now, leaseMs, ...claim }: RenewParams): boolean {
    const work = this.#claimed(claim);
    if (work === undefined || (!isClaimed(work, now) && this.#laneTaken(work, now))) return false;
    this.#owed.set(work.id, { ...work, leaseUntil: now + leaseMs });
    return true;
  }

  release({ dueAt, error, ...claim }: ReleaseParams): void {
    const work = this.#claimed(claim);
    if (work === undefined) return;
    this.#owed.set(work.id, { ...work, dueAt, claimedBy: null, leaseUntil: null, lastError: error });
  }

  /** The work while it is this claim's, and no later one's of the same owner. */
  #claimed({ id, owner, attempt }: Pick<RenewParams, "id" | "owner" | "attempt">): OwedWork | undefined {
    const work = this.#owed.get(id);
    return work?.claimedBy === owner && work.attempt === attempt ? work : undefined;
  }

  #laneTaken(work: OwedWork, now: Timestamp): boolean {
    if (work.lane === null) return false;
    return [...this.#owed.values()].some(
      (other) =>
        other.id !== work.id &&
        other.service === work.service &&
        other.lane === work.lane &&
        isClaimed(other, now),
    );
  }
}

function isClaimed(work: OwedWork, now: Timestamp): boolean {
  return work.claimedBy !== null && work.leaseUntil !== null && work.leaseUntil > now;
}

function byDueTime(a: OwedWork, b: OwedWork): number {
  return a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1);
}

function copyOf(work: OwedWork): OwedWork {
  return { ...work };
}
