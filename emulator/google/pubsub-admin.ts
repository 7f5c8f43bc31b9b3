import type { v1 } from "@google-cloud/pubsub";
import { credentials } from "@grpc/grpc-js";

/** A push subscription to make. Times in milliseconds. */
export type PushSubscription = Readonly<{
  name: string;
  topic: string;
  endpoint: string;
  ackDeadlineMs: number;
  minBackoffMs: number;
  maxBackoffMs: number;
  /** Null = it is tried for ever. */
  deadLetter: Readonly<{ topic: string; maxAttempts: number }> | null;
}>;

/** Makes topics and subscriptions of one project in Google's Pub/Sub emulator, through the real client. */
export type PubSubAdmin = Readonly<{
  createTopics: (names: readonly string[]) => Promise<void>;
  subscribe: (subscription: PushSubscription) => Promise<void>;
  publish: (
    topic: string,
    message: Readonly<{ data: Uint8Array; attributes: Readonly<Record<string, string>> }>,
  ) => Promise<void>;
  close: () => Promise<void>;
}>;

/** Pub/Sub takes 5 to 100 (https://cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1#deadletterpolicy). */
const fewestAttempts = 5;

/** `host` = `127.0.0.1:port` of the emulator. */
export async function pubsubAdmin(params: Readonly<{ host: string; project: string }>): Promise<PubSubAdmin> {
  const { v1 } = await import("@google-cloud/pubsub");
  const [apiEndpoint = "", port = ""] = params.host.split(":");
  const options = {
    apiEndpoint,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    projectId: params.project,
    clientOptions: { universeDomain: "googleapis.com" },
  };
  const publisher = new v1.PublisherClient(options);
  const subscriber = new v1.SubscriberClient(options);
  const topicPath = (name: string): string => `projects/${params.project}/topics/${name}`;
  return {
    createTopics: async (names) => {
      await Promise.all(names.map((name) => publisher.createTopic({ name: topicPath(name) })));
    },
    subscribe: (subscription) => subscribe(subscriber, params.project, subscription),
    publish: async (topic, message) => {
      await publisher.publish({ topic: topicPath(topic), messages: [{ ...message }] });
    },
    close: async () => {
      await Promise.all([publisher.close(), subscriber.close()]);
    },
  };
}

async function subscribe(
  subscriber: v1.SubscriberClient,
  project: string,
  { name, topic, endpoint, ackDeadlineMs, minBackoffMs, maxBackoffMs, deadLetter }: PushSubscription,
): Promise<void> {
  const topicPath = (id: string): string => `projects/${project}/topics/${id}`;
  await subscriber.createSubscription({
    name: `projects/${project}/subscriptions/${name}`,
    topic: topicPath(topic),
    pushConfig: { pushEndpoint: endpoint },
    ackDeadlineSeconds: Math.ceil(ackDeadlineMs / 1000),
    retryPolicy: { minimumBackoff: duration(minBackoffMs), maximumBackoff: duration(maxBackoffMs) },
    ...(deadLetter && {
      deadLetterPolicy: {
        deadLetterTopic: topicPath(deadLetter.topic),
        maxDeliveryAttempts: Math.max(fewestAttempts, deadLetter.maxAttempts),
      },
    }),
  });
}

function duration(ms: number): Readonly<{ seconds: number; nanos: number }> {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}
