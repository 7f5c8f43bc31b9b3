import type { PushDoor } from "../../service/service-deps.ts";
import { createPushReceiver } from "../../shared/adapters/pubsub/push-receiver.ts";
import type { JsonValue } from "../../shared/domain/release-config.ts";
import { type EventHandler, type PubSubEvent, topics } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import type { PushTrust } from "./push-trust.ts";

/** What others publish: everything else is Gantry's own, and on its own bus already. */
const taken = [topics.builds, topics.releases] as const;

/**
 * Takes pushes of Pub/Sub into the embedded bus, durably before they are answered. A message comes under the same id at every
 * delivery, so that the bus drops a second one.
 */
export function embeddedDoor({ bus, clock, log }: Deps, trust: PushTrust): PushDoor {
  const handlerOf =
    (topic: string): EventHandler =>
    async (event) => {
      const { messageId, publishTime, attributes } = event.data.message;
      const id = `push/${messageId}@${publishTime}`;
      await bus.publish([{ topic, id, data: dataOf(event), attributes }]);
    };
  const receive = createPushReceiver({
    place: { project: "pushed", prefix: "" },
    subscriptions: taken.map((topic) => ({
      name: `push-${topic}`,
      topic,
      maxAttempts: Number.POSITIVE_INFINITY,
      handler: handlerOf(topic),
    })),
    layAside: async ({ data, topic, error }) =>
      log.error(
        { topic, error, data: data.slice(0, mostLogged) },
        "Dropped a push that nothing can be made of",
      ),
    clock,
    log,
  });
  return { trust, take: ({ topic, ...push }) => receive({ ...push, path: pathOf("pushed", topic) }) };
}

const mostLogged = 1_000;

/** The path that a push endpoint has where the topic is to be known. */
export function pathOf(project: string, topic: string): string {
  return `/projects/${project}/topics/${topic}`;
}

/** What is not JSON is handed on as the text that it is, and given up by whoever cannot read it. */
function dataOf(event: PubSubEvent): JsonValue {
  const text = Buffer.from(event.data.message.data, "base64").toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
