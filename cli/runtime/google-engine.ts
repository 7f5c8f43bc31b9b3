import { type FirestoreEngine, openFirestore } from "../../shared/adapters/firestore/open-firestore.ts";
import { connectPublisher } from "../../shared/adapters/pubsub/connect-publisher.ts";
import { PubSubBus } from "../../shared/adapters/pubsub/pubsub-bus.ts";
import type { TopicPlace } from "../../shared/adapters/pubsub/topic-path.ts";
import { randomIds } from "../../shared/adapters/system/random-ids.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { DeadLetters } from "../../shared/ports/dead-letters.ts";
import type { Clock } from "../../shared/ports/system.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { createDesk } from "../../shared/usecases/gantry-desk.ts";
import { RunningWork } from "../../shared/usecases/running-work.ts";
import { defaultSettings } from "./default-settings.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type { GoogleSettings } from "./google-settings.ts";
import { observers } from "./observers.ts";

/** One process on Google Cloud: state on Firestore, messages on Pub/Sub. Any number of them share both. */
export type GoogleEngine = Engine &
  Readonly<{
    bus: PubSubBus;
    deadLetters: DeadLetters;
    place: TopicPlace;
    /** To be told of the attributes of every message that comes in. */
    heard: FirestoreEngine["outbox"]["heard"];
    /** Waits for what is being published and writes it down; to be called before the process may be frozen or stopped. */
    settle: () => Promise<void>;
    settleWithin: (ms: number) => Promise<void>;
    /** Publishes the messages of commits that nobody published in time. */
    publishLeft: () => Promise<void>;
  }>;

type GoogleEngineOptions = Omit<EngineOptions, "file" | "bus" | "trust"> &
  Readonly<{ google: GoogleSettings }>;

/** Commits whose messages one call publishes at most; the next one goes on. */
const mostLeft = 200;

/** Opens it. Nothing is connected, and no SDK loaded, before it is needed. */
export async function openGoogleEngine(options: GoogleEngineOptions): Promise<GoogleEngine> {
  const { google, cloud, clock = systemClock, settings, ...rest } = options;
  const place = { project: google.project, prefix: google.topicPrefix };
  const publisher = connectPublisher({ endpoint: google.emulators.pubsub });
  const firestore = openFirestore({
    project: google.project,
    database: google.database,
    endpoint: google.emulators.firestore,
    clock,
    log: rest.log,
    publish: (messages) => bus.publish(messages),
  });
  const { store, conversations, freezes, notes, deadLetters, outbox } = firestore;
  const bus = new PubSubBus({ connection: publisher, place, deadLetters, clock });
  const deps: Deps = {
    ...cloud,
    ...rest,
    store,
    conversations,
    freezes,
    notes,
    bus,
    clock,
    ids: randomIds,
    ...observers(rest),
    settings: { ...(await defaultSettings()), ...settings },
    running: new RunningWork(),
    onCommit: () => undefined,
  };
  return {
    deps,
    desk: createDesk(deps),
    onCommit: null,
    pushes: null,
    waiting: null,
    bus,
    deadLetters,
    place,
    ...publishing(outbox, clock),
    close: async ({ graceMs }) => {
      deps.running.stopAll();
      await outbox.settleWithin(graceMs);
      await Promise.all([bus.close(), firestore.close()]);
    },
  };
}

function publishing(
  outbox: FirestoreEngine["outbox"],
  clock: Clock,
): Pick<GoogleEngine, "heard" | "settle" | "settleWithin" | "publishLeft"> {
  return {
    heard: (attributes) => outbox.heard(attributes),
    settle: () => outbox.settle(),
    settleWithin: (ms) => outbox.settleWithin(ms),
    publishLeft: async () => void (await outbox.publishLeft({ now: clock.now(), limit: mostLeft })),
  };
}
