import { parseServiceKey, type ServiceKey, type Timestamp } from "../../domain/ids.ts";
import { type Bus, type OutgoingMessage, topics } from "../../ports/bus.ts";
import type { Clock, Log } from "../../ports/system.ts";
import { commitPath } from "./commit-writes.ts";
import type { DocumentCells } from "./document-cells.ts";
import type { CommitBody } from "./event-position.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { unpacked } from "./packed-json.ts";
import type { Query } from "./query.ts";
import { fieldsOfHead, headFields, headOf, keyOf, type ServiceHead, smallFields } from "./service-head.ts";

/** A commit younger than this is being published by who made it. */
const publishWithinMs = 30_000;

/** Of a hand-off: the commit that it comes from, and the first of those right before it that are published too. */
const versionAttribute = "commit";
const sinceAttribute = "commits-since";

/** Commits of one service whose messages are published in one go, or told of with one hand-off. */
const batch = 50;

/** Versions, both ends included. */
type Versions = Readonly<{ from: number; to: number }>;

type Outgoing = Readonly<{ service: ServiceKey; version: number; messages: readonly OutgoingMessage[] }>;

/**
 * Messages lie in the document of their commit from the moment it is made. Who commits publishes them right after, and goes on
 * meanwhile: a return to stable waits for no bus. A number in the service's document says up to which commit that is known, and
 * whatever lies beyond it for long is published (again) by `publishLeft`. Nothing is lost; a message may come twice.
 */
export class Outbox {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #send: Bus["publish"];
  /** What is being published now, up to the last commit of each service. Never rejects. */
  readonly #underWay = new Map<ServiceKey, Promise<void>>();
  readonly #beingWritten = new Set<Promise<void>>();
  /** Versions published by this process that the service's document does not tell of yet. */
  readonly #published = new Map<ServiceKey, Set<number>>();
  /** The last versions that somebody else was told of who was handed work. */
  readonly #handedOff = new Map<ServiceKey, Versions>();

  constructor(
    params: Readonly<{
      database: FirestoreDatabase;
      cells: DocumentCells;
      clock: Clock;
      log: Log;
      publish: Bus["publish"];
    }>,
  ) {
    this.#database = params.database;
    this.#cells = params.cells;
    this.#clock = params.clock;
    this.#log = params.log;
    this.#send = params.publish;
  }

  /**
   * Begins to publish, once what this process committed to the service before is through. Nobody waits for it but `settle`;
   * what cannot be published is told to the log, and published later.
   */
  begin(outgoing: Outgoing): void {
    const { service } = outgoing;
    const committedAt = this.#clock.now();
    const before = this.#underWay.get(service) ?? Promise.resolve();
    const mine = before
      .then(() => this.#publish(outgoing, committedAt))
      .then(() => {
        if (this.#underWay.get(service) === mine) this.#underWay.delete(service);
      });
    this.#underWay.set(service, mine);
  }

  async #publish({ service, version, messages }: Outgoing, committedAt: Timestamp): Promise<void> {
    if (messages.length > 0 && this.#clock.now() - committedAt >= publishWithinMs) {
      this.#log.warn(
        { service, version },
        "The messages of a commit waited too long for those before; the sweep publishes them",
      );
      return;
    }
    try {
      await this.#sendAll({ service, version, messages });
    } catch (error) {
      this.#log.warn(
        { service, version, err: String(error) },
        "Could not publish the messages of a commit; the sweep does",
      );
    }
  }

  async #sendAll({ service, version, messages }: Outgoing): Promise<void> {
    const handOffs = messages.filter(isHandOff);
    const facts = messages.filter((message) => !isHandOff(message));
    if (facts.length > 0) await this.#send(facts);
    const told = { from: this.#firstUpTo(service, version), to: version };
    if (handOffs.length > 0) await this.#send(handOffs.map((message) => withVersions(message, told)));
    this.#note(service, version);
    if (handOffs.length > 0) this.#handedOff.set(service, told);
  }

  /** The first of the versions that this process published, and nobody wrote down yet, without a gap up to this one. */
  #firstUpTo(service: ServiceKey, version: number): number {
    const known = this.#published.get(service) ?? new Set<number>();
    let first = version;
    while (known.has(first - 1) && version - first < batch - 1) first -= 1;
    return first;
  }

  /**
   * To be told of the attributes of every message that comes in: hand-offs go out once all else of their commit is published, and
   * what was committed before it, so whoever gets one knows that, and writes it down with its claim.
   */
  heard(attributes: Readonly<Record<string, string>>): void {
    const service = parseServiceKey(attributes["service"] ?? "");
    const versions = versionsOf(attributes);
    if (service === null || versions === null) return;
    for (let version = versions.from; version <= versions.to; version += 1) this.#note(service, version);
  }

  #note(service: ServiceKey, version: number): void {
    const known = this.#published.get(service) ?? new Set<number>();
    this.#published.set(service, known.add(version));
  }

  /** The head with what this process published meanwhile; for whoever writes the document anyway. */
  told(service: ServiceKey, head: ServiceHead): ServiceHead {
    const known = this.#published.get(service) ?? new Set<number>();
    for (const version of known) if (version <= head.told) known.delete(version);
    return toldBy(known, head);
  }

  /**
   * Waits for what is being published, and writes it down, before the process may be stopped or frozen. Costs nothing where
   * that is written, and where whoever was handed the work writes it down. @throws AppError when it cannot be written.
   */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay.values());
    for (const service of [...this.#published.keys()]) {
      const writing = this.#settle(service).finally(() => this.#beingWritten.delete(writing));
      this.#beingWritten.add(writing);
    }
    await Promise.all(this.#beingWritten);
  }

  /** The same, waited for no longer than this: it goes on after that, and what becomes of it is told to the log. */
  async settleWithin(ms: number): Promise<void> {
    if (this.#underWay.size === 0 && this.#published.size === 0) return;
    const over = new AbortController();
    const settled = this.settle().then(
      () => true,
      (error: unknown) => {
        this.#log.warn({ err: String(error) }, "Could not write down what was published; the sweep does");
        return true;
      },
    );
    const late = this.#clock.sleep({ ms, signal: over.signal }).then(() => false);
    const isSettled = await Promise.race([settled, late]);
    over.abort();
    if (!isSettled)
      this.#log.warn(
        { ms },
        "Messages are not published yet; what this process does not publish the sweep does",
      );
  }

  async #settle(service: ServiceKey): Promise<void> {
    const document = this.#cells.known(this.#database.path("services", service));
    if (document !== null) this.told(service, headOf(document.fields));
    const left = this.#published.get(service) ?? new Set<number>();
    const handedOff = this.#handedOff.get(service) ?? { from: 0, to: 0 };
    const areHandedOff = [...left].every((version) => version >= handedOff.from && version <= handedOff.to);
    if (areHandedOff) this.#published.delete(service);
    else await this.#writeDown(service);
  }

  /**
   * Publishes what nobody published in time, service by service. Answers how many commits that were. @throws the first error,
   * after all services had their turn.
   */
  async publishLeft({ now, limit }: Readonly<{ now: Timestamp; limit: number }>): Promise<number> {
    const query = untoldQuery(now - publishWithinMs, limit);
    const { documents } = await this.#database.query(query, "look for unpublished messages");
    let published = 0;
    const failed: unknown[] = [];
    for (const document of documents)
      try {
        published += await this.#publishOf(document);
      } catch (error) {
        failed.push(error);
      }
    if (failed.length > 0) throw failed[0];
    return published;
  }

  async #publishOf(document: StoredDocument): Promise<number> {
    const service = keyOf(document.fields);
    const { told, version } = headOf(document.fields);
    const versions = Array.from({ length: Math.min(batch, version - told) }, (_, n) => told + 1 + n);
    const paths = versions.map((each) => commitPath(this.#database, service, each));
    const commits = await this.#database.get(paths, "read unpublished messages");
    const messages = commits.flatMap((commit) =>
      commit === null ? [] : unpacked<CommitBody>(commit.fields).messages,
    );
    if (messages.length > 0) await this.#send(messages);
    this.#log.info(
      { service, from: told + 1, commits: versions.length },
      "Published messages that were left",
    );
    for (const each of versions) this.#note(service, each);
    await this.#writeDown(service);
    return versions.length;
  }

  /** What cannot be written because an earlier commit is not published is left to the sweep. */
  async #writeDown(service: ServiceKey): Promise<void> {
    const published = this.#published.get(service);
    this.#published.delete(service);
    const told = (head: ServiceHead): ServiceHead => toldBy(published ?? new Set(), head);
    await this.#cells.change({
      path: this.#database.path("services", service),
      doing: "write down what was published",
      decide: (document) => {
        if (document === null) return { answer: null, fields: null };
        const head = headOf(document.fields);
        const after = told(head);
        if (after === head) return { answer: null, fields: null };
        return { answer: null, fields: fieldsOfHead(after), only: headFields };
      },
    });
  }
}

const handOffTopics = new Set<string>([...Object.values(topics.work), topics.sweep]);

function isHandOff({ topic }: OutgoingMessage): boolean {
  return handOffTopics.has(topic);
}

function withVersions(message: OutgoingMessage, { from, to }: Versions): OutgoingMessage {
  const since = from === to ? {} : { [sinceAttribute]: String(from) };
  return { ...message, attributes: { ...message.attributes, [versionAttribute]: String(to), ...since } };
}

/** Null = it is no hand-off. */
function versionsOf(attributes: Readonly<Record<string, string>>): Versions | null {
  const to = Number(attributes[versionAttribute]);
  const from = Number(attributes[sinceAttribute] ?? to);
  if (!Number.isSafeInteger(to) || !Number.isSafeInteger(from)) return null;
  return from > 0 && from <= to && to - from < batch ? { from, to } : null;
}

/** The head, told as far as these versions lead on from it without a gap. */
function toldBy(published: ReadonlySet<number>, head: ServiceHead): ServiceHead {
  let { told } = head;
  while (published.has(told + 1)) told += 1;
  if (told === head.told) return head;
  return { ...head, told, untoldSince: told >= head.version ? null : head.untoldSince };
}

function untoldQuery(before: Timestamp, limit: number): Query {
  return {
    collection: "services",
    where: [["untoldSince", "<=", before]],
    orderBy: [["untoldSince", "asc"]],
    limit,
    select: smallFields,
  };
}
