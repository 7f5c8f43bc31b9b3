import { createHash } from "node:crypto";
import type { PubSubEvent } from "../../ports/bus.ts";
import { type LaidAside, mostKeptBytes } from "../../ports/dead-letters.ts";
import type { WireMessage } from "./message-batches.ts";
import { replayAttribute } from "./pubsub-bus.ts";
import { type TopicPlace, topicOf } from "./topic-path.ts";

/** A message that a function could make nothing of, and why. */
export type GivenUp = Readonly<{
  subscription: string;
  topic: string;
  data: string; // base64
  attributes: Readonly<Record<string, string>>;
  publishTime: string;
  attempts: number;
  error: string;
}>;

/** What a function says of a message that it lays aside itself. */
const own = {
  subscription: "gantry-dead-subscription",
  topic: "gantry-dead-topic",
  publishTime: "gantry-dead-published",
  attempts: "gantry-dead-attempts",
  error: "gantry-dead-error",
} as const;

/**
 * What Pub/Sub says of a message that it lays aside
 * (https://cloud.google.com/pubsub/docs/handling-failures#dead_letter_topic).
 */
const google = {
  subscription: "CloudPubSubDeadLetterSourceSubscription",
  publishTime: "CloudPubSubDeadLetterSourceTopicPublishTime",
  attempts: "CloudPubSubDeadLetterSourceDeliveryCount",
} as const;

/** A message has 100 attributes of 1,024 bytes at most (https://cloud.google.com/pubsub/quotas#resource_limits). */
const attributeBytes = 1_024;
const ownAttributes = 90;

/**
 * The message for the dead-letter topic. Its own attributes stay, as many as leave room for what is said of it; whose replay it
 * was does not: this is the end of that.
 */
export function deadLetterMessage(given: GivenUp): WireMessage {
  const { subscription, topic, publishTime, attempts, error } = given;
  const kept = Object.entries(given.attributes).filter(([name]) => name !== replayAttribute);
  return {
    data: Buffer.from(given.data, "base64"),
    attributes: {
      ...Object.fromEntries(kept.slice(0, ownAttributes)),
      [own.subscription]: cut(subscription),
      [own.topic]: cut(topic),
      [own.publishTime]: cut(publishTime),
      [own.attempts]: String(attempts),
      [own.error]: cut(error),
    },
  };
}

/** Cut between characters, so that what is left is text still. */
function cut(text: string): string {
  let kept = text.slice(0, attributeBytes);
  while (Buffer.byteLength(kept) > attributeBytes) kept = kept.slice(0, -1);
  return kept;
}

/** Who is known to hear of what: of a message that Pub/Sub laid aside, the topic has to be found out. */
export type KnownSubscription = Readonly<{ name: string; topic: string }>;

/**
 * The letter in a message on the dead-letter topic, whoever laid it aside: a function, or Pub/Sub after the attempts of a
 * subscription. Both may lay the same message aside, and Pub/Sub may do so twice: it has the same id each time. Of data that is
 * longer than `mostKeptBytes` there is the beginning, and the letter says so.
 */
export function readDeadLetter(
  event: PubSubEvent,
  params: Readonly<{ known: readonly KnownSubscription[]; place: Pick<TopicPlace, "prefix"> }>,
): LaidAside {
  const { data, attributes, publishTime } = event.data.message;
  const names = new Set<string>([...Object.values(own), ...Object.values(google)]);
  const isOwn = own.subscription in attributes;
  const given = attributes[isOwn ? own.subscription : google.subscription] ?? "";
  const known = subscriptionNamed(given, params.known, params.place);
  const subscription = known?.name ?? given;
  const topic = isOwn ? (attributes[own.topic] ?? "") : (known?.topic ?? "");
  const published = attributes[isOwn ? own.publishTime : google.publishTime] ?? publishTime;
  const kept = Object.entries(attributes).filter(
    ([name]) => !names.has(name) && !name.startsWith("CloudPubSubDeadLetter"),
  );
  const attempts = Number(attributes[isOwn ? own.attempts : google.attempts] ?? 0);
  return {
    id: idOf([subscription, millis(published), data]),
    subscription,
    topic,
    ...keptOf(data, attributes[own.error] ?? silent(subscription)),
    attributes: Object.fromEntries(kept),
    attempts: Number.isSafeInteger(attempts) ? attempts : 0,
    deadAt: Date.parse(publishTime) || 0,
    replayedAt: null,
  };
}

function keptOf(data: string, lastError: string): Pick<LaidAside, "data" | "lastError" | "cutFrom"> {
  const bytes = Buffer.byteLength(data, "base64");
  if (bytes <= mostKeptBytes) return { data, lastError };
  return {
    data: Buffer.from(data, "base64").subarray(0, mostKeptBytes).toString("base64"),
    lastError: `${lastError}; of its ${bytes} bytes the first ${mostKeptBytes} are kept`,
    cutFrom: bytes,
  };
}

/** In another installation of the project it has a prefix, and one of another project has that project's name at the end. */
export function subscriptionNamed<Known extends KnownSubscription>(
  given: string,
  known: readonly Known[],
  { prefix }: Pick<TopicPlace, "prefix">,
): Known | null {
  const name = topicOf(given, { prefix });
  if (name === null) return null;
  return known.find((one) => name === one.name || name.startsWith(`${one.name}-`)) ?? null;
}

function silent(subscription: string): string {
  return `no handler answered in time, or its process ended; the log of ${subscription.split("-")[0]} says more`;
}

/** Pub/Sub writes the time in the one place with more digits than in the other. */
function millis(time: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : String(at);
}

function idOf(parts: readonly string[]): string {
  return `dead-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 20)}`;
}
