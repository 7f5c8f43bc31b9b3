import { parseReleaseId, parseServiceKey } from "../domain/ids.ts";
import type { EventHandler, PubSubEvent } from "../ports/bus.ts";
import { readTraceparent, type StepFacts, traceAttribute } from "../ports/tracing.ts";
import type { Deps } from "./deps.ts";

/** The attribute of a message that names the release that it is about. */
export const releaseAttribute = "release";

/**
 * The subscription, each of whose deliveries is a step in the trace of the release that its message is about, and is counted. A
 * message that comes again joins the same trace.
 */
export function delivering<S extends Handling>(deps: Deps, handling: S): S {
  const { tracing, meters, clock } = deps;
  const { name: subscription, handler } = handling;
  const delivered: EventHandler = async (event) => {
    const from = clock.now();
    const count = (end: "done" | "failed"): void =>
      meters.delivered({ subscription, end, ms: clock.now() - from });
    const parent = readTraceparent(event.data.message.attributes?.[traceAttribute]);
    const attributes = {
      "messaging.system": "gcp_pubsub",
      "messaging.message.id": event.id,
      "messaging.destination.subscription.name": subscription,
    };
    const step = { name: `receive ${subscription}`, kind: "consumer", attributes, parent } as const;
    try {
      await tracing.within({ ...step, facts: factsOf(event) }, () => handler(event));
      count("done");
    } catch (error) {
      count("failed");
      throw error;
    }
  };
  return { ...handling, handler: delivered };
}

type Handling = Readonly<{ name: string; handler: EventHandler }>;

function factsOf({ id, data }: PubSubEvent): StepFacts {
  const { attributes } = data.message;
  const releaseId = parseReleaseId(attributes?.[releaseAttribute] ?? "");
  const service = parseServiceKey(attributes?.["service"] ?? "");
  return {
    messageId: id,
    ...(releaseId === null ? {} : { releaseId }),
    ...(service === null ? {} : { service }),
  };
}
