import type { ReleaseId, ServiceKey, Timestamp } from "../../domain/ids.ts";
import type { ReleaseConfig } from "../../domain/release-config.ts";
import type { ReleaseRecord } from "../../domain/release-record.ts";
import { newService, type ServiceState } from "../../domain/service-state.ts";
import type { OutgoingMessage } from "../../ports/bus.ts";
import type {
  Commit,
  CommitResult,
  OwedWork,
  Refusal,
  Store,
  StoredEvent,
  Versioned,
} from "../../ports/store.ts";
import { stateToShow, stateToStore, toDecideOn } from "../../ports/stored-state.ts";
import type { Clock } from "../../ports/system.ts";
import { MemoryWork } from "./memory-work.ts";

type ReleasesParams = Parameters<Store["releases"]>[0];

/** A value as JSON text: what is read back is a new value each time, and the same as a database would give. */
class Json<T> {
  readonly #text: string;
  constructor(value: T) {
    this.#text = JSON.stringify(value);
  }
  read(): T {
    return JSON.parse(this.#text);
  }
}

type Kept = Readonly<{ version: number; sequence: number; state: Json<ServiceState> }>;
type Line = Readonly<{
  requestedAt: Timestamp;
  id: ReleaseId;
  service: ServiceKey;
  record: Json<ReleaseRecord>;
}>;
type LoggedEvent = Readonly<{ position: number; releaseId: ReleaseId; stored: Json<StoredEvent> }>;

/** The store without a file: every guarantee of the port but durability. */
export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #outbox: (messages: readonly OutgoingMessage[]) => void;
  readonly #work = new MemoryWork();
  readonly #services = new Map<ServiceKey, Kept>();
  readonly #releases = new Map<ReleaseId, Line>();
  readonly #configs = new Map<string, Json<ReleaseConfig>>();
  readonly #seen = new Map<string, Timestamp>();
  readonly #events: LoggedEvent[] = [];
  #refusals = new Map<string, Readonly<{ at: Timestamp; refusal: Json<Refusal> }>>();

  /** `outbox` takes the messages of a commit in the same turn, so that none is seen without the other. */
  constructor(params: Readonly<{ clock: Clock; outbox: (messages: readonly OutgoingMessage[]) => void }>) {
    this.#clock = params.clock;
    this.#outbox = params.outbox;
  }

  async load(service: ServiceKey): Promise<Versioned> {
    return toDecideOn(await this.look(service));
  }

  async look(service: ServiceKey): Promise<Versioned> {
    const kept = this.#services.get(service);
    return kept === undefined
      ? { state: newService(service), version: 0 }
      : { state: stateToShow(kept.state.read()), version: kept.version };
  }

  async commit(commit: Commit): Promise<CommitResult> {
    if (commit.cause !== null && this.#seen.has(commit.cause)) return { outcome: "duplicate" };
    const kept = this.#services.get(commit.service);
    if ((kept?.version ?? 0) !== commit.expectedVersion) return { outcome: "conflict" };
    const version = commit.expectedVersion + 1;
    const sequence = this.#append(commit, kept?.sequence ?? 0);
    this.#services.set(commit.service, { version, sequence, state: new Json(stateToStore(commit)) });
    for (const record of commit.releases) {
      const { id, requestedAt, service } = record;
      this.#releases.set(id, { id, requestedAt, service, record: new Json(record) });
    }
    for (const { hash, config } of commit.configs)
      if (!this.#configs.has(hash)) this.#configs.set(hash, new Json(config));
    if (commit.cause !== null) this.#seen.set(commit.cause, this.#clock.now());
    this.#work.reconcile(commit);
    this.#outbox(commit.messages);
    const claimed = commit.claim === undefined ? null : this.#work.claimFirst(commit.claim);
    return { outcome: "committed", version, ...(claimed && { claimed }) };
  }

  async dueWork(params: Readonly<{ now: Timestamp; limit: number }>): Promise<readonly OwedWork[]> {
    return this.#work.due(params);
  }

  async nextDueAt(): Promise<Timestamp | null> {
    return this.#work.nextDueAt();
  }

  async owedWork(service: ServiceKey): Promise<readonly OwedWork[]> {
    return this.#work.of(service);
  }

  async claimWork(params: Parameters<Store["claimWork"]>[0]): Promise<OwedWork | null> {
    return this.#work.claim(params);
  }

  async renewClaim(params: Parameters<Store["renewClaim"]>[0]): Promise<boolean> {
    return this.#work.renew(params);
  }

  async releaseClaim(params: Parameters<Store["releaseClaim"]>[0]): Promise<void> {
    this.#work.release(params);
  }

  async services(): Promise<readonly ServiceState[]> {
    const states = [...this.#services.keys()].sort().flatMap((key) => this.#services.get(key)?.state ?? []);
    return states.map((state) => stateToShow(state.read()));
  }

  async release(id: ReleaseId): Promise<ReleaseRecord | null> {
    return this.#releases.get(id)?.record.read() ?? null;
  }

  async releases({ service, limit, before }: ReleasesParams): Promise<readonly ReleaseRecord[]> {
    return [...this.#releases.values()]
      .filter((line) => service === null || line.service === service)
      .filter((line) => before === null || isNewer(before, line))
      .sort((a, b) => (isNewer(a, b) ? -1 : 1))
      .slice(0, limit)
      .map((line) => line.record.read());
  }

  async config(hash: string): Promise<ReleaseConfig | null> {
    return this.#configs.get(hash)?.read() ?? null;
  }

  async releaseEvents(...[id, part]: Parameters<Store["releaseEvents"]>): Promise<readonly StoredEvent[]> {
    const events = this.#events.filter((event) => event.releaseId === id).slice(0, part?.first);
    return events.map((event) => event.stored.read());
  }

  async eventsAfter(params: Readonly<{ after: number; limit: number }>): Promise<readonly StoredEvent[]> {
    return this.#events.slice(params.after, params.after + params.limit).map((event) => event.stored.read());
  }

  async lastPosition(): Promise<number> {
    return this.#events.length;
  }

  async recordRefusal(refusal: Refusal): Promise<void> {
    if (!this.#refusals.has(refusal.id))
      this.#refusals.set(refusal.id, { at: refusal.at, refusal: new Json(refusal) });
  }

  async refusals(params: Readonly<{ limit: number }>): Promise<readonly Refusal[]> {
    return [...this.#refusals]
      .sort(([idA, a], [idB, b]) => b.at - a.at || (idA > idB ? -1 : 1))
      .slice(0, params.limit)
      .map(([, { refusal }]) => refusal.read());
  }

  async refusal(id: string): Promise<Refusal | null> {
    return this.#refusals.get(id)?.refusal.read() ?? null;
  }

  /** Forgets causes and refusals from before these times. */
  prune(params: Readonly<{ seenBefore: Timestamp; refusedBefore: Timestamp }>): void {
    for (const [cause, at] of this.#seen) if (at < params.seenBefore) this.#seen.delete(cause);
    this.#refusals = new Map([...this.#refusals].filter(([, { at }]) => at >= params.refusedBefore));
  }

  #append(commit: Commit, lastSequence: number): number {
    let sequence = lastSequence;
    for (const event of commit.events) {
      sequence += 1;
      const position = this.#events.length + 1;
      const stored = new Json({ service: commit.service, sequence, position, event });
      this.#events.push({ position, releaseId: event.releaseId, stored });
    }
    return sequence;
  }
}

function isNewer(
  a: Readonly<{ requestedAt: Timestamp; id: ReleaseId }>,
  b: Readonly<{ requestedAt: Timestamp; id: ReleaseId }>,
): boolean {
  return a.requestedAt > b.requestedAt || (a.requestedAt === b.requestedAt && a.id > b.id);
}
