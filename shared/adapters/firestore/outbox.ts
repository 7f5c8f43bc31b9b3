import { parseServiceKey, type ServiceKey, type Timestamp } from "../../domain/ids.ts";
import { type Bus, type OutgoingMessage, topics } from "../../ports/bus.ts";
import type { Log } from "../../ports/system.ts";
import { commitPath } from "./commit-writes.ts";
import type { DocumentCells } from "./document-cells.ts";
import type { CommitBody } from "./event-position.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import { unpacked } from "./packed-json.ts";
import type { Query } from "./query.ts";
import { fieldsOfHead, headFields, headOf, keyOf, type ServiceHead, smallFields } from "./service-head.ts";

/** A commit younger than this is being published by who made it. */
const publishWithinMs = 30_000;

/** Of a hand-off: the commit that it comes from. */
const versionAttribute = "commit";

/** Commits of one service whose messages are published in one go. */
const batch = 50;

/**
 * Messages lie in the document of their commit from the moment it is made. Who commits publishes them right after; a number
 * in the service's document says up to which commit that is known, and whatever lies beyond it for long is published (again)
 * by `publishLeft`. Nothing is lost; a message may come twice.
 */
export class Outbox {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;
  readonly #log: Log;
  readonly #send: Bus["publish"];
  /** Versions published by this process that the service's document does not tell of yet. */
  readonly #published = new Map<ServiceKey, Set<number>>();
  /** The last version whose messages handed work to somebody else. */
  readonly #handedOff = new Map<ServiceKey, number>();

  constructor(
    params: Readonly<{
      database: FirestoreDatabase;
      cells: DocumentCells;
      log: Log;
      publish: Bus["publish"];
    }>,
  ) {
    this.#database = params.database;
    this.#cells = params.cells;
    this.#log = params.log;
    this.#send = params.publish;
  }

  /** Resolves also when they could not be published: then they are later. */
  async publish(
    params: Readonly<{ service: ServiceKey; version: number; messages: readonly OutgoingMessage[] }>,
  ): Promise<void> {
    const { service, version, messages } = params;
    const handOffs = messages.filter(isHandOff);
    const facts = messages.filter((message) => !isHandOff(message));
    try {
      if (facts.length > 0) await this.#send(facts);
      if (handOffs.length > 0) await this.#send(handOffs.map((message) => withVersion(message, version)));
      this.#note(service, version);
      if (handOffs.length > 0) this.#handedOff.set(service, version);
    } catch (error) {
      this.#log.warn(
        { service, version, err: String(error) },
        "Could not publish the messages of a commit; the sweep does",
      );
    }
  }

  /**
   * To be told of the attributes of every message that comes in: hand-offs go out once all else of their commit is published, so
   * whoever gets one knows that, and writes it down with its claim.
   */
  heard(attributes: Readonly<Record<string, string>>): void {
    const service = parseServiceKey(attributes["service"] ?? "");
    const version = Number(attributes[versionAttribute]);
    if (service !== null && Number.isSafeInteger(version) && version > 0) this.#note(service, version);
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
   * Writes down what was published, before the process may be stopped or frozen. Costs nothing where that is written, and where
   * whoever was handed the work writes it down.
   */
  async settle(): Promise<void> {
    const services = [...this.#published.keys()];
    await Promise.all(services.map((service) => this.#settle(service)));
  }

  async #settle(service: ServiceKey): Promise<void> {
    const document = this.#cells.known(this.#database.path("services", service));
    if (document !== null) this.told(service, headOf(document.fields));
    const left = this.#published.get(service) ?? new Set<number>();
    const isHandedOff = left.size > 0 && Math.max(...left) === this.#handedOff.get(service);
    if (left.size === 0 || isHandedOff) this.#published.delete(service);
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

function withVersion(message: OutgoingMessage, version: number): OutgoingMessage {
  return { ...message, attributes: { ...message.attributes, [versionAttribute]: String(version) } };
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
