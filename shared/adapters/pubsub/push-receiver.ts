import { AppError } from "../../ports/app-error.ts";
import type { Subscription } from "../../ports/bus.ts";
import type { Clock, Log } from "../../ports/system.ts";
import { type GivenUp, subscriptionNamed } from "./dead-letter-message.ts";
import { replayAttribute } from "./pubsub-bus.ts";
import { type Push, type PushRequest, readPush } from "./push-request.ts";
import type { TopicPlace } from "./topic-path.ts";

/** A push with the very bytes of its body, for the case that nothing can be made of them. */
export type RawPush = PushRequest & Readonly<{ raw: Uint8Array }>;

/** `acknowledged`: done, or nothing is to be done. `laid-aside`: it can never succeed. `again`: it may succeed later. */
export type PushOutcome = "acknowledged" | "laid-aside" | "again";

export type PushReceiverOptions = Readonly<{
  place: TopicPlace;
  /** What this process hears of: one a topic. */
  subscriptions: readonly Pick<Subscription, "name" | "topic" | "maxAttempts" | "handler">[];
  /** Durable once resolved. */
  layAside: (given: GivenUp) => Promise<void>;
  clock: Clock;
  log: Log;
}>;

/** Of what is no push at all, this much is laid aside. */
const mostRaw = 256 * 1024;

/**
 * Takes pushes: hands each to the handler of its topic, and says what to answer. What can never succeed (it cannot be read, or
 * its attempts are used up) is laid aside first; when that fails too, it comes again.
 */
export function createPushReceiver(options: PushReceiverOptions): (request: RawPush) => Promise<PushOutcome> {
  return async (request) => {
    const { log, place } = options;
    const read = readPush(request, place);
    try {
      if (!read.ok) return await layAsideRaw(options, request, read.why);
      return await handle(options, read.push);
    } catch (error) {
      const fields = { path: request.path, err: String(error) };
      log.error(fields, "A message could neither be handled nor laid aside; it comes again");
      return "again";
    }
  };
}

type Heard = PushReceiverOptions["subscriptions"][number];

async function handle(options: PushReceiverOptions, push: Push): Promise<PushOutcome> {
  const subscription = heardOn(options, push);
  const { event, topic, attempt } = push;
  if (subscription === null) {
    const why = `nothing here hears of ${topic ?? "a topic that it does not name"}`;
    return layAside(options, push, { subscription: event.data.subscription, topic: topic ?? "" }, why);
  }
  const replayedFor = event.data.message.attributes[replayAttribute];
  if (replayedFor !== undefined && replayedFor !== subscription.name) return "acknowledged";
  const named = { ...event, source: sourceOf(event.source, subscription.topic) };
  try {
    await subscription.handler(named);
    return "acknowledged";
  } catch (error) {
    const isPoison = error instanceof AppError && error.code === "message-invalid";
    const isLast = attempt !== null && attempt >= subscription.maxAttempts;
    const fields = { subscription: subscription.name, messageId: event.id, attempt, err: String(error) };
    if (isPoison || isLast) {
      options.log.error(fields, "A message was given up; it is kept as a dead letter");
      return layAside(options, push, subscription, messageOf(error));
    }
    options.log.error(fields, "A handler failed; its message comes again");
    return "again";
  }
}

/** By the topic; where neither event nor path names one, by the subscription. */
function heardOn({ subscriptions, place }: PushReceiverOptions, { event, topic }: Push): Heard | null {
  if (topic !== null) return subscriptions.find((one) => one.topic === topic) ?? null;
  const name = event.data.subscription.split("/").at(-1) ?? "";
  return subscriptionNamed(name, subscriptions, place);
}

/** A push whose path names no topic has none in its source. */
function sourceOf(source: string, topic: string): string {
  return source.endsWith("/topics/") ? `${source}${topic}` : source;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function layAside(
  { layAside: lay, clock }: PushReceiverOptions,
  { event, attempt }: Push,
  { name, subscription, topic }: Readonly<{ name?: string; subscription?: string; topic: string }>,
  error: string,
): Promise<PushOutcome> {
  const { data, attributes, publishTime } = event.data.message;
  await lay({
    subscription: name ?? subscription ?? "",
    topic,
    data,
    attributes,
    publishTime: publishTime === "" ? new Date(clock.now()).toISOString() : publishTime,
    attempts: attempt ?? 1,
    error,
  });
  return "laid-aside";
}

async function layAsideRaw(
  { layAside: lay, clock, log }: PushReceiverOptions,
  { raw, path }: RawPush,
  why: string,
): Promise<PushOutcome> {
  log.error({ path, bytes: raw.byteLength, err: why }, "What came is no push; it is kept as a dead letter");
  await lay({
    subscription: "",
    topic: "",
    data: Buffer.from(raw.subarray(0, mostRaw)).toString("base64"),
    attributes: {},
    publishTime: new Date(clock.now()).toISOString(),
    attempts: 1,
    error: why,
  });
  return "laid-aside";
}
