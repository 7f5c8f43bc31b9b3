import {
  connectFirestore,
  type FirestoreConnection,
} from "../../shared/adapters/firestore/connect-firestore.ts";
import { openFirestore } from "../../shared/adapters/firestore/open-firestore.ts";
import type { PushOutcome } from "../../shared/adapters/pubsub/push-receiver.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { FunctionName } from "../../shared/install/google-parts.ts";
import { type PushSubscription, pushSubscriptions } from "../../shared/install/push-subscriptions.ts";
import { type OutgoingMessage, topics } from "../../shared/ports/bus.ts";
import type { Store } from "../../shared/ports/store.ts";
import { requestMessage } from "../../shared/usecases/messages.ts";
import { calm } from "../simulation/faults.ts";
import { Invariants } from "../simulation/invariants.ts";
import { Random } from "../simulation/random.ts";
import { SimCloudBuild } from "../simulation/sim-build.ts";
import { type Behaviour, SimCloudRun } from "../simulation/sim-cloud-run.ts";
import { commitOf, gantryYaml, policy, repositoryOf } from "../simulation/sim-config.ts";
import { SimProcess } from "../simulation/sim-process.ts";
import { SimRegistry } from "../simulation/sim-registry.ts";
import { SimGit } from "../simulation/sim-source.ts";
import { SimTime } from "../simulation/sim-time.ts";
import { monday, serviceKey } from "../support/fixtures.ts";
import { uniqueProject } from "../support/google-emulators.ts";
import { realClock } from "../support/real-clock.ts";
import { silentLog } from "./firestore-engine.ts";
import type { Installation } from "./virtual-installation.ts";
import { type VirtualInstance, type VirtualPush, virtualInstance } from "./virtual-instance.ts";
import { CallsUnderWay, type Fate, virtualLine } from "./virtual-line.ts";

/** One call to Firestore. `index`: its place on the way of the release, from 1; those of the sweep have none. */
export type VirtualCall = Readonly<{ index: number | null; function: FunctionName; call: string }>;

export type FateOf = (call: VirtualCall, now: number) => Fate | null;

export type VirtualOptions = Readonly<{
  /** The emulator's connection, which many worlds may share. */
  real: FirestoreConnection;
  seed?: number;
  behaviour?: Behaviour;
  instances?: number; // of each function
  fateOf?: FateOf;
  /** While it is, nobody can publish, nor does the clock tick; what is published already is delivered. */
  isPubSubAway?: (world: VirtualGoogle) => boolean;
  /** When each copy of a message's push arrives, in milliseconds after it was published; each goes to another instance. */
  copiesOf?: (push: VirtualPush, random: Random) => readonly number[];
  /** At the pace of a real installation, and with chat; without it all goes quicker. */
  installed?: Installation;
}>;

export const onTheWay = ["build", "deploy", "verify", "rollout", "rollback"] as const;
const sweepEveryMs = 30_000;
const minute = 60_000;
const hour = 60 * minute;

function quickYaml(service: ServiceKey): string {
  const yaml = gantryYaml(service, { approval: false, hold: false });
  return yaml.replace("{ traffic: 50%, hold: 20s }, ", "");
}

/** The connection to the emulator at this address. */
export function emulatorConnection(host: string): FirestoreConnection {
  const [name = "", port = ""] = host.split(":");
  return connectFirestore({ endpoint: { host: name, port: Number(port), insecure: true } });
}

/**
 * Gantry as it runs on Google Cloud: the functions as instances of their own, with the real store on Google's Firestore emulator
 * and the real taker of pushes; Pub/Sub, Cloud Run and Cloud Build are simulated, and time is virtual. It stands still while a
 * call to Firestore is under way.
 */
export class VirtualGoogle {
  readonly service = serviceKey("sim-project/europe-west1/api-0");
  readonly time = new SimTime(monday);
  readonly store: Store;
  readonly run: SimCloudRun;
  readonly build: SimCloudBuild;
  readonly deadLetters: string[] = [];
  readonly pushes: VirtualPush[] = [];
  readonly published: OutgoingMessage[] = [];
  /** How often something was made to go wrong. */
  suffered = 0;
  readonly #options: VirtualOptions;
  readonly #random: Random;
  readonly #world;
  readonly #git: SimGit;
  readonly #registry: SimRegistry;
  readonly #invariants: Invariants;
  readonly #underWay = new CallsUnderWay();
  readonly #project = uniqueProject();
  #instances: VirtualInstance[] = [];
  readonly #pushing = new Map<SimProcess, Set<() => void>>();
  #calls = 0;
  #born = 0;
  #turn = 0;
  #messages = 0;
  #isSweeping = true;

  constructor(options: VirtualOptions) {
    this.#options = options;
    const { real, behaviour = "good", seed = 1, instances = 2 } = options;
    this.#random = new Random(seed);
    const world = { time: this.time, random: this.#random, faults: { ...calm, storeSlow: 0 } };
    this.#world = world;
    this.run = new SimCloudRun(world, () => behaviour);
    const tell = (message: OutgoingMessage): void => this.publish([message]);
    const buildMs = options.installed?.buildMs ?? null;
    this.build = new SimCloudBuild(world, { tell, isBroken: () => false, buildMs });
    this.#git = new SimGit(world);
    this.#registry = new SimRegistry(world);
    const project = this.#project;
    const ground = { project, database: "(default)", endpoint: null, clock: realClock, log: silentLog };
    this.store = openFirestore({ ...ground, connection: real, publish: async () => undefined }).store;
    const { store, run, build, service } = this;
    const isGood = () => behaviour === "good";
    const behaviourOf = () => behaviour;
    this.#invariants = new Invariants({
      store,
      run,
      build,
      services: [service],
      isGood,
      behaviourOf,
      mostBuilds: 1,
    });
    const telling = options.installed === undefined ? [] : (["notify"] as const);
    for (const name of [...onTheWay, ...telling, "sweep"] as const)
      for (let n = 0; n < instances; n += 1) this.#start(name);
    this.run.found(this.service, { latest: false });
    this.#sweep();
  }

  /** Somebody pushes a tag, and the webhook tells of it. Answers the id of the request. */
  push(tag: string): string {
    const { service } = this;
    const repository = repositoryOf(service);
    const sha = commitOf(`${service} ${tag}`);
    const yaml = this.#options.installed?.yaml(service) ?? quickYaml(service);
    const files = { "gantry.yaml": yaml };
    this.#git.push({ repository, tag, commit: { sha, files } });
    const requestId = `github/${tag}`;
    const requestedBy = { kind: "person", name: "ada" } as const;
    this.publish([
      requestMessage({ requestId, repository, tag, commit: null, requestedBy, explicit: false }),
    ]);
    return requestId;
  }

  async pass(ms: number): Promise<void> {
    await this.time.run(this.time.now() + ms, () => this.#underWay.over());
  }

  /** Looks at every promise, at all that was written, and at what the events fold to. @throws Error when one is broken. */
  async check(): Promise<void> {
    await this.#invariants.check();
    await this.#invariants.atRest({ helds: false });
  }

  /** Lets time pass until all releases have ended and nothing is owed, 12 hours at most; after that the clock calls nobody. */
  async rest(): Promise<void> {
    const beganAt = this.time.now();
    for (
      let passedMs = 0;
      passedMs < 12 * hour && !(await this.#isAtRest());
      passedMs = this.time.now() - beganAt
    )
      await this.pass(passedMs < 10 * minute ? minute / 2 : 5 * minute);
    this.#isSweeping = false;
  }

  async #isAtRest(): Promise<boolean> {
    const { state, version } = await this.store.load(this.service);
    if (version === 0 || state.active !== null) return false;
    return (await this.store.owedWork(this.service)).length === 0;
  }

  get records() {
    return this.#invariants.records;
  }

  publish(messages: readonly OutgoingMessage[]): void {
    this.published.push(...messages);
    for (const message of messages) {
      const heard = pushSubscriptions.filter(
        ({ topic, onlyWhereTold }) =>
          topic === message.topic && (!onlyWhereTold || this.#options.installed !== undefined),
      );
      for (const subscription of heard) this.#send(subscription, message);
    }
  }

  #send(subscription: PushSubscription, message: OutgoingMessage): void {
    this.#messages += 1;
    const push: VirtualPush = {
      subscription: subscription.name,
      message,
      messageId: String(this.#messages),
      publishTime: new Date(this.time.now()).toISOString(),
      attempt: 1,
    };
    if (message.topic !== topics.sweep) this.pushes.push(push);
    const copies =
      message.topic === topics.sweep ? [0] : (this.#options.copiesOf?.(push, this.#random) ?? [0]);
    for (const ms of copies) this.time.after(5 + ms, () => this.deliver(push));
  }

  /** Pushes a message once, to the next instance that runs; again after a while when it is not taken. */
  deliver(push: VirtualPush): void {
    const subscription = pushSubscriptions.find(({ name }) => name === push.subscription);
    if (subscription === undefined) throw new Error(push.subscription);
    const instance = this.#next(subscription.function);
    if (instance === null) this.#again(subscription, push);
    else this.#push(instance, subscription, push);
  }

  #push(instance: VirtualInstance, subscription: PushSubscription, push: VirtualPush): void {
    let isOver = false;
    const over = (outcome: PushOutcome): void => {
      if (isOver) return;
      isOver = true;
      callOff();
      this.#pushing.get(instance.process)?.delete(broken);
      if (outcome === "again") this.#again(subscription, push);
    };
    const broken = (): void => over("again");
    this.#pushing.get(instance.process)?.add(broken);
    const callOff = this.time.after(subscription.ackDeadlineSeconds * 1_000, broken);
    instance.take(push).then(over, broken);
  }

  #again({ maxAttempts, minBackoffMs, maxBackoffMs }: PushSubscription, push: VirtualPush): void {
    const { attempt } = push;
    if (attempt >= maxAttempts) {
      this.deadLetters.push(`${push.subscription}: nobody took it`);
      return;
    }
    const ms = Math.min(maxBackoffMs, minBackoffMs * 2 ** (attempt - 1));
    this.time.after(ms, () => this.deliver({ ...push, attempt: attempt + 1 }));
  }

  /** Google sends nothing more to an instance that answers nobody. */
  #next(name: FunctionName): VirtualInstance | null {
    const all = this.#instances.filter(
      (one) => one.function === name && one.process.isAlive && !one.process.isPaused,
    );
    this.#turn += 1;
    return all[this.#turn % Math.max(1, all.length)] ?? null;
  }

  #start(name: FunctionName): void {
    this.#born += 1;
    const process = new SimProcess(`${name}-${this.#born}`, this.#world);
    const { run, build } = this;
    const fateOf = (call: string): Fate | null => {
      if (name !== "sweep") this.#calls += 1;
      const made = { index: name === "sweep" ? null : this.#calls, function: name, call };
      return this.#options.fateOf?.(made, this.time.now()) ?? null;
    };
    const connection = virtualLine({
      real: this.#options.real,
      process,
      calls: this.#underWay,
      fateOf,
      suffer: (fate) => this.#suffer(fate, name, process),
    });
    const world = this.#world;
    const outside = { world, run, build, git: this.#git, registry: this.#registry, policy };
    const publish = (messages: readonly OutgoingMessage[]): void => this.publish(messages);
    const onDeadLetter = (why: string) => void this.deadLetters.push(why);
    const project = this.#project;
    const installed = this.#options.installed ?? null;
    const isPubSubAway = this.#isPubSubAway;
    const cloud = { project, connection, publish, isPubSubAway, onDeadLetter };
    this.#pushing.set(process, new Set());
    this.#instances.push(virtualInstance({ function: name, process, outside, installed, ...cloud }));
  }

  #suffer(fate: Fate, name: FunctionName, process: SimProcess): void {
    this.suffered += 1;
    if (fate.kind === "stopped") {
      process.pause();
      this.time.after(fate.forMs, () => process.resume());
    }
    if (fate.kind !== "killed") return;
    process.kill();
    this.#instances = this.#instances.filter((one) => one.process !== process);
    for (const broken of [...(this.#pushing.get(process) ?? [])]) broken();
    this.time.after(3_000, () => this.#start(name));
  }

  readonly #isPubSubAway = (): boolean => this.#options.isPubSubAway?.(this) ?? false;

  #sweep(): void {
    this.time.after(this.#options.installed?.sweep.everyMs ?? sweepEveryMs, () => {
      if (!this.#isSweeping) return;
      if (!this.#isPubSubAway()) this.publish([{ topic: topics.sweep, id: null, data: {}, attributes: {} }]);
      this.#sweep();
    });
  }
}
