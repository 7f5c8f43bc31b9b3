import { type PubSubAdmin, pubsubAdmin } from "../../emulator/google/pubsub-admin.ts";
import {
  type ComingPush,
  type Disturbance,
  type PushRelay,
  type PushTarget,
  type RelayedPush,
  startPushRelay,
} from "../../emulator/google/push-relay.ts";
import { deadLetterTopic, type FunctionName, ownTopics } from "../../shared/install/google-parts.ts";
import { pushSubscriptions } from "../../shared/install/push-subscriptions.ts";
import { topics } from "../../shared/ports/bus.ts";
import { FunctionFleet } from "./function-fleet.ts";
import { FunctionProcess } from "./function-process.ts";
import type { GoogleGround } from "./google-ground.ts";

export type GoogleGantryOptions = Readonly<{
  ground: GoogleGround;
  project: string;
  /** Of every function's process. */
  env: Readonly<Record<string, string | undefined>>;
  log: (line: string) => void;
  /** Of each function; one unless told otherwise. */
  instances?: number;
  /** What becomes of each delivery; by default nothing out of the ordinary. */
  disturb?: (push: ComingPush) => Disturbance;
  onDelivery?: (push: RelayedPush) => void;
  /** After which a push that was not answered comes again; unless told otherwise, the 600 s of Gantry's subscriptions. */
  ackDeadlineMs?: number;
  /** Signs pushes to this endpoint. Null = they carry no token. */
  sign?: ((endpoint: string) => Promise<string>) | null;
}>;

/** The functions of one installation before Google's emulators, each a process, and what calls them. */
export type GoogleGantry = Readonly<{
  project: string;
  /** The first instance of each. */
  functions: Readonly<Record<FunctionName, FunctionProcess>>;
  /** All instances of all functions. */
  instances: readonly FunctionProcess[];
  publish: PubSubAdmin["publish"];
  /** Makes topics and subscriptions once more, for an emulator that forgot them. */
  provision: () => Promise<void>;
  /** Starts those that do not run. */
  startFunctions: () => Promise<void>;
  stopFunctions: () => Promise<void>;
  close: () => Promise<void>;
}>;

/** Of Pub/Sub, and of each of Gantry's subscriptions. */
const longestAckDeadlineMs = 600_000;

/** Cloud Scheduler calls once a minute; here time is short. */
const clockEveryMs = 1_000;
const warmupEveryMs = 60_000;

/** Makes topics and subscriptions, starts the functions and the clock. What was started is stopped when the rest cannot start. */
export async function startGoogleGantry(options: GoogleGantryOptions): Promise<GoogleGantry> {
  const { ground, project, log } = options;
  const functions = functionProcesses(options);
  const others = Array.from({ length: (options.instances ?? 1) - 1 }, () => functionProcesses(options));
  const fleet = new FunctionFleet(functions, ...others);
  const { all } = fleet;
  const stops: (() => Promise<void>)[] = [() => stopAll(all)];
  const close = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop();
  };
  try {
    const admin = await pubsubAdmin({ host: ground.pubsub.host, project });
    stops.push(admin.close);
    const relay = await startPushRelay({
      target: (subscription) => targetOf(fleet, project, subscription),
      ackDeadlineMs: () => options.ackDeadlineMs ?? longestAckDeadlineMs,
      sign: options.sign ?? null,
      ...(options.disturb && { disturb: options.disturb }),
      ...(options.onDelivery && { onDelivery: options.onDelivery }),
    });
    stops.push(relay.close);
    await Promise.all([startAll(all), provision(admin, relay)]);
    stops.push(startClock(admin, log));
    return {
      project,
      functions,
      instances: all,
      publish: admin.publish,
      provision: () => provision(admin, relay),
      startFunctions: () => startAll(all.filter(({ isRunning }) => !isRunning)),
      stopFunctions: () => stopAll(all),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function functionProcesses({
  ground,
  env,
  log,
}: GoogleGantryOptions): Readonly<Record<FunctionName, FunctionProcess>> {
  const one = (name: FunctionName) =>
    new FunctionProcess({ name, main: ground.programs.functions, env, log });
  return {
    build: one("build"),
    deploy: one("deploy"),
    verify: one("verify"),
    rollout: one("rollout"),
    rollback: one("rollback"),
    notify: one("notify"),
    warmup: one("warmup"),
    sweep: one("sweep"),
  };
}

async function startAll(processes: readonly FunctionProcess[]): Promise<void> {
  await Promise.all(processes.map((one) => one.start()));
}

async function stopAll(processes: readonly FunctionProcess[]): Promise<void> {
  await Promise.all(processes.map((one) => one.stop()));
}

const deadLetters = { name: deadLetterTopic, topic: deadLetterTopic, function: "sweep" } as const;

/** As Terraform sets the push endpoint: the address of the function, and the topic as its path. */
function targetOf(fleet: FunctionFleet, project: string, subscription: string): PushTarget | null {
  const heard = [...pushSubscriptions, deadLetters].find(({ name }) => name === subscription);
  const call = heard === undefined ? null : fleet.call(heard.function);
  if (heard === undefined || call === null) return null;
  const url = `${call.instance.url}/projects/${project}/topics/${heard.topic}`;
  return { url, answered: call.answered };
}

async function provision(admin: PubSubAdmin, relay: PushRelay): Promise<void> {
  const heard = pushSubscriptions.map(({ topic }) => topic);
  await admin.createTopics([...new Set([...ownTopics, ...heard, topics.builds])]);
  await Promise.all([
    ...pushSubscriptions.map(({ name, topic, ackDeadlineSeconds, maxAttempts, minBackoffMs, maxBackoffMs }) =>
      admin.subscribe({
        name,
        topic,
        endpoint: relay.endpoint(name),
        ackDeadlineMs: ackDeadlineSeconds * 1000,
        minBackoffMs,
        maxBackoffMs,
        deadLetter: { topic: deadLetterTopic, maxAttempts },
      }),
    ),
    admin.subscribe({
      name: deadLetters.name,
      topic: deadLetters.topic,
      endpoint: relay.endpoint(deadLetters.name),
      ackDeadlineMs: longestAckDeadlineMs,
      minBackoffMs: 1_000,
      maxBackoffMs: 600_000,
      deadLetter: null,
    }),
  ]);
}

/** Calls the sweep and the warmup, as Cloud Scheduler does. */
function startClock(admin: PubSubAdmin, log: (line: string) => void): () => Promise<void> {
  const data = Buffer.from("{}");
  const call = (topic: string): void => {
    admin
      .publish(topic, { data, attributes: {} })
      .catch((error: unknown) => log(`clock: could not call ${topic}: ${String(error)}`));
  };
  const timers = [
    setInterval(() => call(topics.sweep), clockEveryMs),
    setInterval(() => call(topics.warmup), warmupEveryMs),
  ];
  return async () => {
    for (const timer of timers) clearInterval(timer);
  };
}
