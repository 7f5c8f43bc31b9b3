import { deadLetterMessage, readDeadLetter } from "../../shared/adapters/pubsub/dead-letter-message.ts";
import {
  createPushReceiver,
  type PushOutcome,
  type PushReceiverOptions,
  type RawPush,
} from "../../shared/adapters/pubsub/push-receiver.ts";
import { deadLetterTopic } from "../../shared/install/google-parts.ts";
import { pushSubscriptions } from "../../shared/install/push-subscriptions.ts";
import { type EventHandler, topics } from "../../shared/ports/bus.ts";
import { isFrom, isWorkCall } from "../../shared/usecases/work-call.ts";
import type { GoogleEngine } from "./google-engine.ts";
import { type SweepPace, sweepOn } from "./google-sweep.ts";

type Heard = PushReceiverOptions["subscriptions"][number];

/**
 * Takes the pushes of these subscriptions. Before it answers, all that was committed is published and that written down, because
 * the process may be frozen or stopped once it has answered.
 */
export function createTaker(
  engine: GoogleEngine,
  subscriptions: readonly Heard[],
): (push: RawPush) => Promise<PushOutcome> {
  const { deps, bus, place } = engine;
  const receive = createPushReceiver({
    place,
    subscriptions: subscriptions.map((subscription) => ({
      ...subscription,
      handler: (event) => {
        engine.heard(event.data.message.attributes ?? {});
        return subscription.handler(event);
      },
    })),
    layAside: (given) => bus.publishAsIs(deadLetterTopic, [deadLetterMessage(given)]),
    clock: deps.clock,
    log: deps.log,
  });
  return async (push) => {
    const outcome = await receive(push);
    await engine
      .settle()
      .catch((error: unknown) =>
        deps.log.warn({ err: String(error) }, "Could not write down what was published; the sweep does"),
      );
    return outcome;
  };
}

/** The sweep on Google Cloud: a call of the clock also publishes what is left, and goes on for a while. */
export function patientSweep(engine: GoogleEngine, usual: EventHandler, pace: SweepPace): EventHandler {
  return async (event) => {
    if (!isFrom(event, topics.sweep) || isWorkCall(event)) return usual(event);
    return sweepOn(engine.deps, { pace, publishLeft: engine.publishLeft });
  };
}

/** What is laid aside is kept in the store, where people look for it. It is tried for ever: there is no further place. */
export function deadLetterSubscription({ deps, deadLetters, place }: GoogleEngine): Heard {
  const handler: EventHandler = async (event) => {
    const letter = readDeadLetter(event, { known: pushSubscriptions, place });
    await deadLetters.keep(letter);
    const { id, subscription, topic, attempts, lastError } = letter;
    deps.log.error({ letter: id, subscription, topic, attempts, lastError }, "Keeps a dead letter");
  };
  return { name: deadLetterTopic, topic: deadLetterTopic, maxAttempts: Number.POSITIVE_INFINITY, handler };
}
