import { AppError } from "../../ports/app-error.ts";
import { type Bus, type DeadLetter, type OutgoingMessage, topics } from "../../ports/bus.ts";
import type { DeadLetters, LaidAside } from "../../ports/dead-letters.ts";
import type { Clock } from "../../ports/system.ts";
import { callOptions } from "../google/api-call.ts";
import { withinDeadline } from "../google/call-deadline.ts";
import { appErrorOf, rpcFailureOf } from "../google/rpc-failure.ts";
import type { PublisherConnection } from "./connect-publisher.ts";
import { batches, type WireMessage } from "./message-batches.ts";
import { PublishedIds } from "./published-ids.ts";
import { type TopicPlace, topicPath } from "./topic-path.ts";

/** Says on a message that one subscription gave up whose it is: the others of its topic had theirs. */
export const replayAttribute = "gantry-replay-for";

export type PubSubBusOptions = Readonly<{
  connection: PublisherConnection;
  place: TopicPlace;
  deadLetters: DeadLetters;
  clock: Clock;
  deadlines?: PublishDeadlines;
}>;

/** `callMs`: of one request; `totalMs`: of a publish with all its tries. */
type PublishDeadlines = Readonly<{ callMs: number; totalMs: number }>;

const usualDeadlines: PublishDeadlines = { callMs: 5_000, totalMs: 20_000 };
const backoffMs = { first: 100, most: 2_000 };

/**
 * Pub/Sub as the bus. A message is durable once Pub/Sub has answered with its id; a request without an answer is sent again,
 * so that a message may be published twice. Pub/Sub keeps no ids of ours: a second message with the same `id` is a message.
 */
export class PubSubBus implements Bus {
  readonly #options: PubSubBusOptions;
  readonly #deadlines: PublishDeadlines;
  readonly #known = new PublishedIds();
  readonly #stopped = new AbortController();

  constructor(options: PubSubBusOptions) {
    this.#options = options;
    this.#deadlines = options.deadlines ?? usualDeadlines;
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    const byTopic = new Map<string, OutgoingMessage[]>();
    for (const message of this.#unpublished(messages))
      byTopic.set(message.topic, [...(byTopic.get(message.topic) ?? []), message]);
    await Promise.all([...byTopic].map(([topic, some]) => this.#publishOn(topic, some)));
  }

  async #publishOn(topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
    const wires = messages.map(({ data, attributes }) => ({
      data: Buffer.from(JSON.stringify(data), "utf8"),
      attributes,
    }));
    await this.publishAsIs(topic, wires);
    const now = this.#options.clock.now();
    for (const { id } of messages) if (id !== null) this.#known.add({ topic, id, now });
  }

  #unpublished(messages: readonly OutgoingMessage[]): readonly OutgoingMessage[] {
    const now = this.#options.clock.now();
    const ids = new Set<string>();
    return messages.filter(({ topic, id }) => {
      if (id === null) return true;
      const isFirst = ids.size < ids.add(`${topic} ${id}`).size;
      return isFirst && !this.#known.has({ topic, id, now });
    });
  }

  /** Publishes these bytes on one topic, in as few requests as may be. */
  async publishAsIs(topic: string, messages: readonly WireMessage[]): Promise<void> {
    for (const batch of batches(messages)) await this.#send(topic, batch);
  }

  /** Lets go of the connection. What is not published by then is not tried again. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#options.connection.close();
  }

  async deadLetters(params: Readonly<{ limit: number }>): Promise<readonly DeadLetter[]> {
    return (await this.#options.deadLetters.newest(params)).map(shown);
  }

  /** Published on the topic again, for the subscription that gave it up alone. */
  async replayDeadLetter(id: string): Promise<boolean> {
    const { deadLetters, clock } = this.#options;
    const letter = await deadLetters.get(id);
    if (letter === null) return false;
    const why = whyNotAgain(letter);
    if (why !== null) throw refusedReplay(letter, why);
    const attributes = { ...letter.attributes, [replayAttribute]: letter.subscription };
    await this.publishAsIs(letter.topic, [{ data: Buffer.from(letter.data, "base64"), attributes }]);
    await deadLetters.replayed({ id, at: clock.now() });
    return true;
  }

  async #send(topic: string, messages: readonly WireMessage[]): Promise<void> {
    const { clock } = this.#options;
    const endsAt = clock.now() + this.#deadlines.totalMs;
    for (let pauseMs = backoffMs.first; ; pauseMs = Math.min(2 * pauseMs, backoffMs.most)) {
      try {
        await this.#sendOnce(topic, messages);
        return;
      } catch (error) {
        const failure = rpcFailureOf(error);
        if (failure === null) throw error;
        const mayPass = failure.kind === "busy" || failure.kind === "unknown" || failure.kind === "conflict";
        const isOver = this.#stopped.signal.aborted || clock.now() + pauseMs > endsAt;
        if (!mayPass || isOver)
          throw appErrorOf({ api: "bus", failure, doing: `publish on ${topic}`, cause: error });
        await clock.sleep({ ms: pauseMs, signal: this.#stopped.signal });
      }
    }
  }

  async #sendOnce(topic: string, messages: readonly WireMessage[]): Promise<void> {
    if (this.#stopped.signal.aborted) throw new Error(`This process stops, and did not publish on ${topic}.`);
    const { connection, place } = this.#options;
    const { callMs } = this.#deadlines;
    const request = { topic: topicPath(topic, place), messages: messages.map((message) => ({ ...message })) };
    await withinDeadline({
      ms: callMs,
      doing: `publish on ${topic}`,
      call: async () => (await connection.client()).publish(request, callOptions(callMs)),
    });
  }
}

/** Why a letter cannot be published again; null = it can. On Cloud Build's topics only Cloud Build publishes, in every project. */
function whyNotAgain({ topic, cutFrom }: LaidAside): string | null {
  if (topic === topics.builds)
    return "it is Cloud Build's own, on whose topic Gantry publishes nothing. Gantry asks Cloud Build itself about each build that it waits for (`pollBuilds`), so nothing is lost";
  if (topic === "") return "it names no topic: what came was no push of Pub/Sub's";
  if (cutFrom !== undefined)
    return `it had ${cutFrom} bytes, more than can be kept, and only its beginning is there. Whoever published it has to publish it again, with less in it`;
  return null;
}

function refusedReplay({ id, topic }: LaidAside, why: string): AppError {
  const message = `${id} is not delivered again, and traffic stays as it is: ${why}.`;
  return new AppError({ code: "replay-refused", transient: false, message, context: { letter: id, topic } });
}

function shown({ data, attributes, ...letter }: LaidAside): DeadLetter {
  return { ...letter, message: { topic: letter.topic, id: null, data: readable(data), attributes } };
}

/** What people look at: the JSON where it is some, else the text. */
function readable(data: string): DeadLetter["message"]["data"] {
  const text = Buffer.from(data, "base64").toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
