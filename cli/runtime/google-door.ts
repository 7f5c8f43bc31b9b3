import { subscriptions } from "../../functions/subscriptions.ts";
import type { PushDoor } from "../../service/service-deps.ts";
import { topics } from "../../shared/ports/bus.ts";
import type { GoogleEngine } from "./google-engine.ts";
import type { SweepPace } from "./google-sweep.ts";
import { createTaker, deadLetterSubscription, patientSweep } from "./google-taker.ts";
import { pathOf } from "./push-door.ts";
import type { PushTrust } from "./push-trust.ts";

/**
 * Takes the pushes of every function in one process: for an installation that has the HTTP service and no functions.
 */
export function googleDoor(
  engine: GoogleEngine,
  { trust, pace }: Readonly<{ trust: PushTrust; pace: SweepPace }>,
): PushDoor {
  const all = subscriptions(engine.deps).map((subscription) => {
    const { handler } = subscription;
    return subscription.topic === topics.sweep
      ? { ...subscription, handler: patientSweep(engine, handler, pace) }
      : subscription;
  });
  const take = createTaker(engine, [...all, deadLetterSubscription(engine)]);
  return {
    trust,
    take: ({ topic, ...push }) => take({ ...push, path: pathOf(engine.place.project, topic) }),
  };
}
