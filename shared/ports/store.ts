import type { ServiceEvent } from "../domain/events.ts";
import type { ReleaseId, ServiceKey, Timestamp } from "../domain/ids.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ServiceState } from "../domain/service-state.ts";
import type { Work } from "../domain/work.ts";
import type { OutgoingMessage } from "./bus.ts";

/**
 * A state and the version it was read at. Version 0 = nothing was ever committed for this service. `records`: of releases
 * that are not over, and of the live one, where they came along; they are as of the same version.
 */
export type Versioned = Readonly<{
  state: ServiceState;
  version: number;
  records?: readonly ReleaseRecord[];
}>;

/** Work that is claimed with a commit: the first of `ids` that may be claimed then, as `claimWork` would. */
export type ClaimWish = Readonly<{ ids: readonly string[]; owner: string; now: Timestamp; leaseMs: number }>;

/** Everything that one decision leads to. ALL of it becomes durable in one transaction, or none of it. */
export type Commit = Readonly<{
  service: ServiceKey;
  /** The version that was read. */
  expectedVersion: number;
  /** At least one event, or none when only a message is marked as seen. */
  events: readonly ServiceEvent[];
  state: ServiceState;
  releases: readonly ReleaseRecord[];
  /**
   * ALL work that the service owes after this commit. Work that is not stored yet is added; stored work that is
   * not in the list is dropped, claimed or not; the rest keeps its attempts and its claim.
   */
  owed: readonly Work[];
  configs: readonly Readonly<{ hash: string; config: ReleaseConfig }>[];
  messages: readonly OutgoingMessage[];
  /** Id of the message that led to this commit; a second commit with the same id changes nothing. Null = none. */
  cause: string | null;
  /** Who commits goes on with this work itself: claimed in the same transaction, or not at all. */
  claim?: ClaimWish;
}>;

/**
 * `conflict`: somebody committed since the state was read; nothing was written, read again.
 * `duplicate`: the cause was seen before; nothing was written and nothing needs to be. `claimed` is there when work was.
 */
export type CommitResult = Readonly<
  | { outcome: "committed"; version: number; claimed?: OwedWork }
  | { outcome: "conflict" }
  | { outcome: "duplicate" }
>;

/** An event as stored: `sequence` rises by one per service; `position` rises over all services, with gaps. */
export type StoredEvent = Readonly<{
  service: ServiceKey;
  sequence: number;
  position: number;
  event: ServiceEvent;
}>;

/** Owed work with what happened to it so far. `attempt` is 1-based and counts claims. */
export type OwedWork = Work &
  Readonly<{
    attempt: number;
    claimedBy: string | null;
    leaseUntil: Timestamp | null;
    lastError: string | null;
  }>;

/** A request that never became a release: which, why, and where exactly. */
export type Refusal = Readonly<{
  id: string;
  at: Timestamp;
  repository: string;
  tag: string;
  commit: string | null;
  service: ServiceKey | null; // null = not known, for instance because gantry.yaml could not be read
  requestedBy: string;
  code: string; // a heading in docs/errors.md
  message: string;
  problems: readonly string[]; // `file:line:col path: what is wrong`, one each
}>;

/** Events, states, owed work and what people look up. Every method is atomic; every answer is a value, never shared. */
export interface Store {
  /**
   * The state as last committed, to decide on and to do what it owes; `newService(key)` at version 0 when there is none.
   * Throws `state-newer`, transient, where a newer Gantry wrote it in a way that this one must not go on with.
   */
  load(service: ServiceKey): Promise<Versioned>;
  /** The same to be looked up, whoever wrote it: of what a newer Gantry wrote, this one may not know every word. */
  look(service: ServiceKey): Promise<Versioned>;
  /** Stores the state with its mark (`domain/schema.ts`): which versions of Gantry may go on with it. */
  commit(commit: Commit): Promise<CommitResult>;

  /** Work with `dueAt <= now` whose claim is absent or expired, oldest due first, at most `limit`. */
  dueWork(params: Readonly<{ now: Timestamp; limit: number }>): Promise<readonly OwedWork[]>;
  /** When the next work falls due or the next claim expires; null = nothing is owed. */
  nextDueAt(): Promise<Timestamp | null>;
  /** All owed work of a service, for `explain`. */
  owedWork(service: ServiceKey): Promise<readonly OwedWork[]>;
  /**
   * Takes the work for `owner` until `now + leaseMs` and counts an attempt. Null when it is not owed any more, not
   * due, claimed by a living owner, or its lane is taken by other claimed work of the same service. NEVER two owners.
   */
  claimWork(
    params: Readonly<{ id: string; owner: string; now: Timestamp; leaseMs: number }>,
  ): Promise<OwedWork | null>;
  /**
   * Extends the claim that is the owner's by this attempt; false = the work is dropped or claimed anew, be it by the same
   * owner: stop.
   */
  renewClaim(
    params: Readonly<{ id: string; owner: string; attempt: number; now: Timestamp; leaseMs: number }>,
  ): Promise<boolean>;
  /** Gives that claim back, to be due again at `dueAt`; does nothing when the work is dropped or claimed anew. */
  releaseClaim(
    params: Readonly<{
      id: string;
      owner: string;
      attempt: number;
      dueAt: Timestamp;
      error: string | null;
    }>,
  ): Promise<void>;

  /** To be looked up, whoever wrote them. */
  services(): Promise<readonly ServiceState[]>;
  release(id: ReleaseId): Promise<ReleaseRecord | null>;
  /** Newest request first. `before` = exclusive, the `requestedAt` and id of the last one seen. */
  releases(
    params: Readonly<{
      service: ServiceKey | null;
      limit: number;
      before: Readonly<{ requestedAt: Timestamp; id: ReleaseId }> | null;
    }>,
  ): Promise<readonly ReleaseRecord[]>;
  config(hash: string): Promise<ReleaseConfig | null>;
  /** Events of one release in order: all, or so many of the first as `first` says, and no more are read for it. */
  releaseEvents(id: ReleaseId, part?: Readonly<{ first: number }>): Promise<readonly StoredEvent[]>;
  /** Events of all services with `position > after`, in order of position; what SSE follows. */
  eventsAfter(params: Readonly<{ after: number; limit: number }>): Promise<readonly StoredEvent[]>;
  /** The highest position; 0 when there is none. */
  lastPosition(): Promise<number>;

  /** Idempotent by `refusal.id`. */
  recordRefusal(refusal: Refusal): Promise<void>;
  /** Newest first. */
  refusals(params: Readonly<{ limit: number }>): Promise<readonly Refusal[]>;
  refusal(id: string): Promise<Refusal | null>;
}
