import { sweepOn } from "../../cli/runtime/google-sweep.ts";
import { subscriptions } from "../../functions/subscriptions.ts";
import type { FirestoreConnection } from "../../shared/adapters/firestore/connect-firestore.ts";
import { openFirestore } from "../../shared/adapters/firestore/open-firestore.ts";
import { createPushReceiver, type PushOutcome } from "../../shared/adapters/pubsub/push-receiver.ts";
import type { FunctionName } from "../../shared/install/google-parts.ts";
import type { Bus, OutgoingMessage } from "../../shared/ports/bus.ts";
import { type OutsideGantry, simDeps } from "../simulation/sim-deps.ts";
import type { SimProcess } from "../simulation/sim-process.ts";
import { silentLog } from "./firestore-engine.ts";
import type { Installation } from "./virtual-installation.ts";

/** One push of a message, as Pub/Sub sends it. */
export type VirtualPush = Readonly<{
  subscription: string;
  message: OutgoingMessage;
  messageId: string;
  publishTime: string;
  attempt: number; // 1-based
}>;

/** One instance of a function: takes pushes as `cli/runtime/google-function.ts` does. */
export type VirtualInstance = Readonly<{
  function: FunctionName;
  process: SimProcess;
  take: (push: VirtualPush) => Promise<PushOutcome>;
}>;

type InstanceOptions = Readonly<{
  function: FunctionName;
  process: SimProcess;
  outside: Omit<OutsideGantry, "conversations" | "freezes" | "notes">;
  project: string;
  connection: FirestoreConnection;
  publish: (messages: readonly OutgoingMessage[]) => void;
  isPubSubAway: () => boolean;
  onDeadLetter: (why: string) => void;
  installed: Installation | null;
}>;

const mostLeft = 200;

/** How long a publish is tried for. */
const publishWithinMs = 20_000;

export function virtualInstance(options: InstanceOptions): VirtualInstance {
  const { process, outside, project, connection, onDeadLetter, installed } = options;
  const { clock } = process;
  const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    const endsAt = clock.now() + publishWithinMs;
    while (options.isPubSubAway()) {
      if (clock.now() >= endsAt) throw new Error("Pub/Sub is away");
      await clock.sleep({ ms: 2_000, signal: new AbortController().signal });
    }
    await process.call({
      effect: () => options.publish(messages),
      lost: () => new Error("Pub/Sub did not answer"),
      fails: 0,
      replyLost: 0,
      slow: 0,
    });
  };
  const engine = openFirestore({
    project,
    database: "(default)",
    endpoint: null,
    connection,
    clock,
    log: silentLog,
    publish,
    observe: (call) => installed?.observe(options.function, call),
  });
  const { store, conversations, freezes, notes, outbox } = engine;
  const bus: Bus = { publish, deadLetters: async () => [], replayDeadLetter: async () => false };
  const simulated = simDeps(
    { ...outside, conversations, freezes, notes },
    { process, store, bus, onCommit: () => undefined },
  );
  const pace = { driftEveryMs: null, findTagsEveryMs: null };
  const settings = { ...simulated.settings, ...installed?.settingsOf(options.function), ...pace };
  const deps = { ...simulated, chat: installed?.chat ?? null, settings };
  const publishLeft = async () => void (await outbox.publishLeft({ now: clock.now(), limit: mostLeft }));
  const place = { project, prefix: "" };
  const receive = createPushReceiver({
    place,
    subscriptions: subscriptions(deps).map((heard) => ({
      ...heard,
      handler: (event) => {
        outbox.heard(event.data.message.attributes ?? {});
        const isClock = heard.name === "sweep-clock";
        return isClock
          ? sweepOn(deps, { pace: installed?.sweep.pace ?? { forMs: 0, everyMs: 1 }, publishLeft })
          : heard.handler(event);
      },
    })),
    layAside: async ({ subscription, error }) => onDeadLetter(`${subscription}: ${error}`),
    clock,
    log: silentLog,
  });
  const take = async (push: VirtualPush): Promise<PushOutcome> => {
    const outcome = await receive(requestOf(push, project));
    await outbox.settle().catch(() => undefined); // the sweep does it
    return outcome;
  };
  return { function: options.function, process, take };
}

function requestOf({ subscription, message, messageId, publishTime, attempt }: VirtualPush, project: string) {
  const data = Buffer.from(JSON.stringify(message.data)).toString("base64");
  const body = {
    message: { data, attributes: message.attributes, messageId, publishTime },
    subscription: `projects/${project}/subscriptions/${subscription}`,
    deliveryAttempt: attempt,
  };
  const raw = Buffer.from(JSON.stringify(body));
  return { headers: {}, path: `/projects/${project}/topics/${message.topic}`, body, raw };
}
