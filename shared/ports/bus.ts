import type { Timestamp } from "../domain/ids.ts";
import type { JsonValue } from "../domain/release-config.ts";

/** Topics, by what is told on them. */
export const topics = {
  releases: "gantry-releases", // somebody asks for a release
  builds: "cloud-builds", // Cloud Build's own topic
  commands: "gantry-commands", // what people decide
  work: {
    build: "gantry-build",
    deploy: "gantry-deploy",
    verify: "gantry-verify",
    rollout: "gantry-rollout",
    rollback: "gantry-rollback",
    warmup: "gantry-warm",
  },
  notify: "gantry-notify", // what is still to be said in chat
  sweep: "gantry-sweep", // the clock
  warmup: "gantry-warmup", // the clock of the warmups, and a person's wish for one
  events: "gantry-events", // every fact, for anyone
} as const;

/**
 * A message to publish. `id` makes publishing idempotent where the bus can keep it (embedded): a second message with
 * the same id on the same topic is dropped. Null = every publish is a message of its own.
 */
export type OutgoingMessage = Readonly<{
  topic: string;
  id: string | null;
  data: JsonValue;
  attributes: Readonly<Record<string, string>>;
}>;

/** The body that Pub/Sub delivers, as Eventarc hands it to a function. */
export type PubSubData = Readonly<{
  message: Readonly<{
    data: string;
    attributes: Readonly<Record<string, string>>;
    messageId: string;
    publishTime: string;
  }>; // data: base64 of JSON
  subscription: string;
}>;

/** A CloudEvent of type `google.cloud.pubsub.topic.v1.messagePublished`, binary or structured mode alike. */
export type PubSubEvent = Readonly<{
  specversion: "1.0";
  id: string; // the message id: the same at every delivery
  type: "google.cloud.pubsub.topic.v1.messagePublished";
  source: string; // //pubsub.googleapis.com/projects/P/topics/T
  time: string;
  datacontenttype: "application/json";
  data: PubSubData;
}>;

/** Resolves = acknowledged. Throws = delivered again later, after a backoff. */
export type EventHandler = (event: PubSubEvent) => Promise<void>;

/** One handler's share of a topic. EVERY subscription of a topic gets every message, at least once, in any order. */
export type Subscription = Readonly<{
  name: string; // unique
  topic: string;
  handler: EventHandler;
  /** A delivery that takes longer is delivered again, whether or not the first one still runs. */
  ackDeadlineMs: number;
  maxAttempts: number; // then the dead letter
  minBackoffMs: number;
  maxBackoffMs: number;
}>;

/** A message that a subscription gave up. */
export type DeadLetter = Readonly<{
  id: string;
  subscription: string;
  topic: string;
  message: OutgoingMessage;
  attempts: number;
  lastError: string;
  deadAt: Timestamp;
  replayedAt: Timestamp | null;
  cutFrom?: number; // the bytes that its data had; there only where the first of them alone are kept
}>;

export interface Bus {
  /** Durable once resolved. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** Newest first. */
  deadLetters(params: Readonly<{ limit: number }>): Promise<readonly DeadLetter[]>;
  /**
   * Hands the message to its subscription again, attempts from zero. False = no such dead letter. Replaying twice delivers twice.
   * @throws AppError `replay-refused` where it is not whole any more, or nobody but its publisher may publish it.
   */
  replayDeadLetter(id: string): Promise<boolean>;
}
