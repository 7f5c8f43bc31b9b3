import type { FirestoreEngine } from "../../shared/adapters/firestore/open-firestore.ts";
import type { OutgoingMessage, PubSubEvent } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { type FunctionHarness, pubSubEvent } from "../support/function-harness.ts";
import { settle } from "../support/manual-clock.ts";

/** Counts the calls that are under way, so that time passes only while nobody waits for an answer. */
export function busyDoor<T extends object>(port: T, busy: { calls: number }): T {
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        busy.calls += 1;
        try {
          return await Reflect.apply(member, target, args);
        } finally {
          busy.calls -= 1;
        }
      };
    },
  });
}

/** The harness of the functions, with its state on Firestore. `settled` lets time pass until the promise is settled. */
export function onFirestore(harness: FunctionHarness, engine: FirestoreEngine) {
  const busy = { calls: 0 };
  const deps: Deps = {
    ...harness.deps,
    store: busyDoor(engine.store, busy),
    freezes: busyDoor(engine.freezes, busy),
    conversations: busyDoor(engine.conversations, busy),
  };
  const outbox = busyDoor(engine.outbox, busy);
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    promise.then(end, end);
    while (!isOver) {
      await settle();
      if (!isOver && busy.calls === 0) await harness.clock.advance(1_000);
    }
    return promise;
  };
  return { deps, outbox, settled };
}

/** The message as Pub/Sub would push it. */
export function delivered({ topic, data, attributes }: OutgoingMessage): PubSubEvent {
  const event = pubSubEvent(topic, data);
  return { ...event, data: { ...event.data, message: { ...event.data.message, attributes } } };
}
