import type { ServiceKey } from "../../domain/ids.ts";
import { newService, type ServiceState } from "../../domain/service-state.ts";
import type { Commit, CommitResult, OwedWork, Refusal, Store, Versioned } from "../../ports/store.ts";
import { stateToShow, toDecideOn } from "../../ports/stored-state.ts";
import type { Clock } from "../../ports/system.ts";
import type { DocumentCells } from "./document-cells.ts";
import { EventFeed } from "./event-feed.ts";
import { FirestoreCommits } from "./firestore-commits.ts";
import { FirestoreConfigs } from "./firestore-configs.ts";
import type { FirestoreDatabase } from "./firestore-database.ts";
import { FirestoreLookup } from "./firestore-lookup.ts";
import { FirestoreWork } from "./firestore-work.ts";
import type { Outbox } from "./outbox.ts";
import { packed, unpacked } from "./packed-json.ts";
import { headOf, small } from "./service-head.ts";

const dayMs = 86_400_000;
const refusedForMs = 90 * dayMs;

/** The store on Firestore, for any number of processes. */
export class FirestoreStore implements Store {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;
  readonly #outbox: Outbox;
  readonly #configs: FirestoreConfigs;
  readonly #commits: FirestoreCommits;
  readonly #work: FirestoreWork;
  readonly #lookup: FirestoreLookup;
  readonly #feed: EventFeed;

  constructor(
    params: Readonly<{ database: FirestoreDatabase; cells: DocumentCells; outbox: Outbox; clock: Clock }>,
  ) {
    this.#database = params.database;
    this.#cells = params.cells;
    this.#outbox = params.outbox;
    this.#configs = new FirestoreConfigs(params.database);
    this.#commits = new FirestoreCommits({ ...params, configs: this.#configs });
    this.#work = new FirestoreWork(params);
    this.#lookup = new FirestoreLookup(params.database);
    this.#feed = new EventFeed(params.database);
  }

  async load(service: ServiceKey): Promise<Versioned> {
    return toDecideOn(await this.look(service));
  }

  async look(service: ServiceKey): Promise<Versioned> {
    const path = this.#database.path("services", service);
    const [document = null] = await this.#database.get([path], `read the state of ${service}`);
    if (document === null) return { state: newService(service), version: 0 };
    this.#cells.remember(small(document));
    this.#work.learn(document);
    const { version, records } = headOf(document.fields);
    return { state: stateToShow(unpacked<ServiceState>(document.fields)), version, records };
  }

  /**
   * Answers once it is committed: messages are published after that, while whoever commits goes on, and those that could not
   * be by `Outbox.publishLeft`.
   */
  async commit(commit: Commit): Promise<CommitResult> {
    const result = await this.#commits.commit(commit);
    if (result.outcome !== "committed") return result;
    const document = this.#cells.known(this.#database.path("services", commit.service));
    if (document !== null) this.#work.learn(document);
    const { service, messages } = commit;
    this.#outbox.begin({ service, version: result.version, messages });
    return result;
  }

  dueWork(params: Parameters<Store["dueWork"]>[0]): Promise<readonly OwedWork[]> {
    return this.#work.due(params);
  }

  nextDueAt(): Promise<number | null> {
    return this.#work.nextDueAt();
  }

  owedWork(service: ServiceKey): Promise<readonly OwedWork[]> {
    return this.#work.of(service);
  }

  claimWork(params: Parameters<Store["claimWork"]>[0]): Promise<OwedWork | null> {
    return this.#work.claim(params);
  }

  renewClaim(params: Parameters<Store["renewClaim"]>[0]): Promise<boolean> {
    return this.#work.renew(params);
  }

  releaseClaim(params: Parameters<Store["releaseClaim"]>[0]): Promise<void> {
    return this.#work.release(params);
  }

  services(): ReturnType<Store["services"]> {
    return this.#lookup.services();
  }

  release(...params: Parameters<Store["release"]>): ReturnType<Store["release"]> {
    return this.#lookup.release(...params);
  }

  releases(params: Parameters<Store["releases"]>[0]): ReturnType<Store["releases"]> {
    return this.#lookup.releases(params);
  }

  config(hash: string): ReturnType<Store["config"]> {
    return this.#configs.get(hash);
  }

  releaseEvents(...params: Parameters<Store["releaseEvents"]>): ReturnType<Store["releaseEvents"]> {
    return this.#lookup.releaseEvents(...params);
  }

  eventsAfter(params: Parameters<Store["eventsAfter"]>[0]): ReturnType<Store["eventsAfter"]> {
    return this.#feed.after(params);
  }

  lastPosition(): Promise<number> {
    return this.#feed.last();
  }

  async recordRefusal(refusal: Refusal): Promise<void> {
    await this.#cells.change({
      path: this.#database.path("refusals", refusal.id),
      doing: "write down a refusal",
      decide: (document) => {
        if (document !== null) return { answer: null, fields: null };
        const expireAt = new Date(refusal.at + refusedForMs);
        return { answer: null, fields: { at: refusal.at, expireAt, body: packed(refusal, "A refusal") } };
      },
    });
  }

  refusals(params: Readonly<{ limit: number }>): Promise<readonly Refusal[]> {
    return this.#lookup.refusals(params);
  }

  refusal(id: string): Promise<Refusal | null> {
    return this.#lookup.refusal(id);
  }
}
