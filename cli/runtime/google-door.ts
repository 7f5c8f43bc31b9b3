import type { PushDoor } from "../../service/service-deps.ts";
import { topics } from "../../shared/ports/bus.ts";
import { delivering } from "../../shared/usecases/delivery.ts";
import type { GoogleEngine } from "./google-engine.ts";
import type { SweepPace } from "./google-sweep.ts";
import { createTaker, deadLetterSubscription, patientSweep } from "./google-taker.ts";
import { pathOf } from "./push-door.ts";
import type { PushTrust } from "./push-trust.ts";

type Door = Readonly<{ trust: PushTrust; pace: SweepPace }>;

/**
 * Takes the pushes of every function in one process: for an installation that has the HTTP service and no functions. What
 * the functions do is loaded at the first push.
 */
export function googleDoor(engine: GoogleEngine, { trust, pace }: Door): PushDoor {
  let opened: Promise<PushDoor["take"]> | null = null;
  return {
    trust,
    take: async (push) => {
      opened ??= open(engine, pace);
      return (await opened)(push);
    },
  };
}

async function open(engine: GoogleEngine, pace: SweepPace): Promise<PushDoor["take"]> {
  const { subscriptions } = await import("../../functions/subscriptions.ts");
  const all = subscriptions(engine.deps).map((subscription) => {
    const { topic, handler: usual } = subscription;
    const handler = topic === topics.sweep ? patientSweep(engine, usual, pace) : usual;
    return delivering(engine.deps, { ...subscription, handler });
  });
  const take = createTaker(engine, [...all, deadLetterSubscription(engine)]);
  return ({ topic, ...push }) => take({ ...push, path: pathOf(engine.place.project, topic) });
}
