import { subscriptions } from "../../functions/subscriptions.ts";
import { sweep } from "../../functions/sweep.ts";
import { warmup } from "../../functions/warmup.ts";
import type { EventType, ServiceEvent } from "../../shared/domain/events.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import type { ServiceState } from "../../shared/domain/service-state.ts";
import { soleRevision } from "../../shared/domain/traffic.ts";
import type { Work } from "../../shared/domain/work.ts";
import { type Bus, type OutgoingMessage, topics } from "../../shared/ports/bus.ts";
import type { Commit, Store } from "../../shared/ports/store.ts";
import type { Deps, Settings } from "../../shared/usecases/deps.ts";
import { createDesk } from "../../shared/usecases/gantry-desk.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { candidate, commitSha, image, revisionName } from "./fixtures.ts";
import {
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  openPolicy,
  pubSubEvent,
  releaseRequest,
} from "./function-harness.ts";
import { settle } from "./manual-clock.ts";

/** What one commit left in the store, as it lies there. */
export type RecordedCommit = Readonly<{
  events: readonly ServiceEvent[];
  state: ServiceState;
  releases: readonly ReleaseRecord[];
  owed: readonly Work[];
  messages: readonly OutgoingMessage[];
  configs: Commit["configs"];
}>;

const stepMs = 5_000;
const longestMs = 7_200_000;

/** The store, telling what each commit wrote. */
function recording(store: Store, commits: RecordedCommit[]): Store {
  const commit: Store["commit"] = async (params) => {
    const { events, state, releases, owed, messages, configs } = params;
    const written = JSON.stringify({ events, state, releases, owed, messages, configs });
    const result = await store.commit(params);
    if (result.outcome === "committed") commits.push(JSON.parse(written));
    return result;
  };
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = name === "commit" ? commit : Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** A store outside of this process, and whether it is being asked: time passes only while it is not. */
export type Elsewhere = Readonly<{ storeFor: (bus: Bus) => Store; isBusy: () => boolean }>;

type PlayOptions = Readonly<{ settings?: Partial<Settings>; policy?: Policy; elsewhere?: Elsewhere | null }>;

/** All functions on one memory engine, whose messages really go round, before a world that a story sets up. */
export class HistoryPlay {
  readonly harness: FunctionHarness;
  readonly deps: Deps;
  readonly commits: RecordedCommit[] = [];
  readonly #isBusy: () => boolean;
  #asked = 0;

  constructor({ settings = {}, policy = openPolicy(), elsewhere = null }: PlayOptions = {}) {
    this.harness = functionHarness({ settings, policy });
    const { deps, engine, world } = this.harness;
    const store = elsewhere === null ? engine.store : elsewhere.storeFor(engine.bus);
    this.#isBusy = elsewhere?.isBusy ?? (() => false);
    this.deps = { ...deps, bus: engine.bus, store: recording(store, this.commits) };
    world.deploy = async () => ({
      outcome: "ready",
      candidate: world.candidate,
      stable: soleRevision(world.split) ?? world.stable,
    });
  }

  get world() {
    return this.harness.world;
  }

  get desk() {
    return createDesk(this.deps);
  }

  /** Lets the functions hear of their messages. */
  begin(): void {
    const { bus } = this.harness.engine;
    for (const subscription of subscriptions(this.deps)) bus.subscribe(subscription);
    bus.start();
  }

  end(): Promise<void> {
    return this.harness.engine.close();
  }

  yaml(extra: string): void {
    this.world.files.set("gantry.yaml", gantryYaml(extra));
  }

  /** Asks for a release of the n-th tag, whose candidate is a revision and an image of its own. */
  async ask(n: number, changes: Parameters<typeof releaseRequest>[0] = {}): Promise<ReleaseId> {
    this.#asked += 1;
    const requestId = `github/${this.#asked}`;
    const tag = `v1.${n}.0`;
    const commit = commitSha(`c0ffe${n}`);
    this.world.tags.set(tag, commit);
    this.world.commits.add(commit);
    this.becomes(n);
    await this.desk.requestRelease(releaseRequest({ requestId, tag, ...changes }));
    return releaseIdFor(requestId);
  }

  /** What is deployed from now on: the n-th revision. */
  becomes(n: number): void {
    const revision = revisionName(`background-removal-0000${n + 2}`);
    const tag = `g-release-${n}`;
    const url = `https://${tag}---background-removal.test`;
    this.world.candidate = candidate({ revision, tag, url, image: image(`d${n}`) });
  }

  /** Lets the time pass, with a sweep every five seconds. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) await this.#step(Math.min(left, stepMs));
  }

  /** Lets the time pass until this happened to the release, two hours at most. */
  async until(type: EventType, id: ReleaseId): Promise<void> {
    const isThere = async () =>
      (await this.deps.store.releaseEvents(id)).some(({ event }) => event.type === type);
    await this.when(isThere, `${type} of ${id}`);
  }

  async when(isSo: () => Promise<boolean>, what: string): Promise<void> {
    for (let passed = 0; passed < longestMs; passed += stepMs) {
      if (await isSo()) return;
      await this.#step(stepMs);
    }
    const told = this.harness.lines.slice(-5).map((line) => JSON.stringify(line));
    throw new Error(`${what} did not come in two hours; the log ends with ${told.join("\n")}`);
  }

  /** The clock of the warmup, as Cloud Scheduler calls it. */
  async tickWarmup(): Promise<void> {
    await this.harness.finished(warmup(this.deps)(pubSubEvent(topics.warmup, {})));
  }

  async #step(ms: number): Promise<void> {
    await sweep(this.deps)(pubSubEvent(topics.sweep, {}));
    await this.#quiet();
    await this.harness.clock.advance(ms);
    await this.#quiet();
  }

  async #quiet(): Promise<void> {
    do await settle();
    while (this.#isBusy());
  }
}
