import { MemoryConversations } from "../../shared/adapters/memory/memory-conversations.ts";
import { MemoryFreezes } from "../../shared/adapters/memory/memory-freezes.ts";
import { MemoryNotes } from "../../shared/adapters/memory/memory-notes.ts";
import { MemoryQueue } from "../../shared/adapters/memory/memory-queue.ts";
import { MemoryStore } from "../../shared/adapters/memory/memory-store.ts";
import type { CommitSha, ServiceKey } from "../../shared/domain/ids.ts";
import type { Actor } from "../../shared/domain/service-state.ts";
import { isSameSplit, type Split, soleRevision } from "../../shared/domain/traffic.ts";
import { type OutgoingMessage, topics } from "../../shared/ports/bus.ts";
import { requestMessage } from "../../shared/usecases/messages.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { monday, serviceKey } from "../support/fixtures.ts";
import { calm, drawFaults, type Faults } from "./faults.ts";
import { GantryNode, type Outside } from "./gantry-node.ts";
import { Invariants } from "./invariants.ts";
import { Random } from "./random.ts";
import { imageOf, SimCloudBuild } from "./sim-build.ts";
import { type Behaviour, SimCloudRun } from "./sim-cloud-run.ts";
import { commitOf, gantryYaml, policy, repositoryOf } from "./sim-config.ts";
import type { Surroundings } from "./sim-process.ts";
import { SimRegistry } from "./sim-registry.ts";
import { SimGit } from "./sim-source.ts";
import { SimTime } from "./sim-time.ts";

const minute = 60_000;
const lastTag = "v9.0.0";
const subscriptionNames = [
  "build-releases",
  "build-work",
  "deploy-builds",
  "deploy-work",
  "verify-work",
  "rollout-work",
];

/** How long things go wrong, and how long it may take to come to rest afterwards. */
const troubledMs = 6 * minute;
const restMs = 60 * minute;

const people: readonly [Actor, ...Actor[]] = [
  { kind: "person", name: "ada" },
  { kind: "person", name: "maya" },
];

type Fate = Behaviour | "build-fails" | "bad-config";

export type Report = Readonly<{
  seed: number;
  happened: number;
  statuses: Readonly<Record<string, number>>;
  deadLetters: number;
  refusals: number;
}>;

/** A whole world of one seed: services, tags, processes, people, and what goes wrong. */
export class Simulation {
  readonly #seed: number;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #isCalm: boolean;
  readonly #isEmbedded: boolean; // one process and its own sweeper; else two instances and a schedule
  readonly #world: Surroundings;
  readonly #outside: Outside;
  readonly #services: readonly ServiceKey[];
  readonly #invariants: Invariants;
  readonly #fates = new Map<string, Fate>();
  readonly #requests: string[] = [];
  #nodes: GantryNode[] = [];
  readonly #life: { at: number; text: string }[] = [];
  #born = 0;
  #poison = 0;

  constructor(seed: number) {
    this.#seed = seed;
    const random = new Random(seed);
    this.#random = random;
    this.#isCalm = seed % 10 === 0;
    this.#faults = this.#isCalm ? { ...calm } : drawFaults(random);
    this.#isEmbedded = random.chance(0.5);
    const world = { time: new SimTime(monday), random, faults: this.#faults };
    this.#world = world;
    const clock = {
      now: () => world.time.now(),
      sleep: () => Promise.reject(new Error("a store does not sleep")),
    };
    let ids = 0;
    const options = {
      messageId: () => `message-${++ids}`,
      disturb: (message: OutgoingMessage) => this.#disturb(message),
    };
    const queue = new MemoryQueue({ clock, options });
    const store = new MemoryStore({ clock, outbox: (messages) => queue.enqueue(messages) });
    const run = new SimCloudRun(world, (image) => this.#behaviourOf(image));
    const tell = (message: OutgoingMessage) => queue.enqueue([message]);
    const build = new SimCloudBuild(world, {
      tell,
      isBroken: (commit) => this.#fates.get(commit) === "build-fails",
    });
    this.#outside = {
      world,
      store,
      conversations: new MemoryConversations(),
      freezes: new MemoryFreezes(),
      notes: new MemoryNotes(),
      queue,
      run,
      build,
      git: new SimGit(world),
      registry: new SimRegistry(world),
      policy,
    };
    run.onRead = (service) => {
      if (random.chance(this.#faults.handBetween))
        world.time.after(random.int(1, 200), () => this.#handMovesTraffic(service));
    };
    this.#services = Array.from({ length: random.int(1, 2) }, (_, n) =>
      serviceKey(`sim-project/europe-west1/api-${n}`),
    );
    this.#invariants = new Invariants({
      store,
      run,
      build,
      services: this.#services,
      isGood: (commit) => this.#fates.get(commit) === "good",
      behaviourOf: (image) => this.#behaviourOf(image),
      mostBuilds: this.#faults.pauseEveryMs > 0 ? 2 : 1,
    });
  }

  /** Plays it to the end. Throws when an invariant breaks. */
  async play(): Promise<Report> {
    const { time } = this.#world;
    this.#begin();
    await this.#run(troubledMs);
    this.#calmDown();
    await this.#rest();
    while (this.#acceptChanges()) await this.#rest();
    await this.#invariants.atRest({ helds: true });
    while (this.#cancelHeld() || this.#acceptChanges()) await this.#rest();
    await this.#invariants.atRest({ helds: false });
    await this.#checkMessages();
    await this.#releaseOnceMore();
    return { seed: this.#seed, happened: time.happened, ...(await this.#tally()) };
  }

  /** Lets time pass until nothing is owed for a while, `restMs` at most. What somebody paused is resumed. */
  async #rest(): Promise<void> {
    let quietMs = 0;
    for (let passedMs = 0; passedMs < restMs && quietMs < 2 * minute; passedMs += minute) {
      this.#resumePaused();
      await this.#run(minute);
      const { store, queue } = this.#outside;
      const waiting = await Promise.all(subscriptionNames.map((name) => queue.nextReadyAt(name)));
      const owed = (await Promise.all(this.#services.map((service) => store.owedWork(service)))).flat();
      const isLooking = owed.every(({ kind }) => kind === "check-drift"); // which never ends
      const isQuiet = waiting.every((at) => at === null) && isLooking;
      quietMs = isQuiet ? quietMs + minute : 0;
    }
  }

  /** All that was recorded and written so far, in the order of time, for a person who looks for the cause. */
  async story(): Promise<readonly string[]> {
    const { store, run } = this.#outside;
    const seconds = (at: number): number => (at - monday) / 1000;
    const events = (await store.eventsAfter({ after: 0, limit: 1e6 })).map(({ event, service }) => ({
      at: event.at,
      text: `${service.split("/")[2]} ${event.releaseId} ${event.type} ${JSON.stringify(event).slice(0, 300)}`,
    }));
    const writes = run.log.map(({ at, text }) => ({ at, text: `cloud: ${text}` }));
    for (const { lastError, message, deadAt } of await this.#outside.queue.deadLetters({ limit: 1000 }))
      this.#life.push({ at: deadAt, text: `dead letter ${message.topic} ${message.id}: ${lastError}` });
    const life = this.#life.map(({ at, text }) => ({ at, text: `life: ${text}` }));
    return [...events, ...writes, ...life]
      .sort((a, b) => a.at - b.at)
      .map(({ at, text }) => `${seconds(at).toFixed(3)} ${text}`);
  }

  #live(text: string): void {
    this.#life.push({ at: this.#world.time.now(), text });
  }

  #run(ms: number): Promise<void> {
    return this.#world.time.run(this.#world.time.now() + ms, () => this.#invariants.check());
  }

  #begin(): void {
    const { time } = this.#world;
    const random = this.#random;
    for (const service of this.#services) {
      const way = random.int(0, 3);
      if (way > 0) this.#outside.run.found(service, { latest: way === 1 });
    }
    for (let n = 0; n < (this.#isEmbedded ? 1 : 2); n++) this.#startNode();
    if (!this.#isEmbedded) this.#everyMs(20_000, () => this.#publish(topics.sweep, {}));
    for (const service of this.#services) {
      const tags = random.int(1, 3);
      for (let n = 1; n <= tags; n++)
        time.after(random.int(0, 2 * minute), () =>
          this.#push(service, `v1.${n}.0`, { fate: this.#anyFate(), approval: random.chance(0.3) }),
        );
    }
    this.#sometimes("killEveryMs", () => void this.#kill());
    this.#sometimes("pauseEveryMs", () => this.#pause());
    this.#sometimes("peopleEveryMs", () => this.#somebodyActs());
    if (!this.#isCalm && random.chance(0.2)) this.#gitGoesAway();
    if (!this.#isCalm && random.chance(0.3)) time.after(random.int(0, minute), () => this.#injectPoison());
  }

  #everyMs(ms: number, call: () => void): void {
    this.#world.time.after(ms, () => {
      call();
      if (this.#world.time.now() < monday + troubledMs + 3 * restMs) this.#everyMs(ms, call);
    });
  }

  /** At random moments, on average this far apart, for as long as the fault is switched on. */
  #sometimes(knob: "killEveryMs" | "pauseEveryMs" | "peopleEveryMs", call: () => void): void {
    const every = this.#faults[knob];
    if (every === 0) return;
    this.#world.time.after(this.#random.int(1, 2 * every), () => {
      if (this.#faults[knob] === 0) return;
      call();
      this.#sometimes(knob, call);
    });
  }

  #startNode(): void {
    this.#nodes.push(new GantryNode(`gantry-${++this.#born}`, this.#outside));
    this.#live(`gantry-${this.#born} starts`);
  }

  async #kill(): Promise<void> {
    const node = this.#anyNode();
    if (!node) return;
    this.#nodes = this.#nodes.filter((each) => each !== node);
    this.#live(`${node.process.name} is killed`);
    await node.kill({ voidClaims: this.#isEmbedded });
    this.#world.time.after(this.#random.int(100, 20_000), () => this.#startNode());
  }

  #pause(): void {
    const node = this.#anyNode();
    if (!node || node.process.isPaused) return;
    node.process.pause();
    this.#live(`${node.process.name} stands still`);
    this.#world.time.after(this.#random.int(1_000, 100_000), () => {
      this.#live(`${node.process.name} goes on`);
      node.process.resume();
    });
  }

  #anyNode(): GantryNode | null {
    return this.#nodes[this.#random.int(0, Math.max(0, this.#nodes.length - 1))] ?? null;
  }

  #calmDown(): void {
    Object.assign(this.#faults, calm);
    for (const { process } of this.#nodes) process.resume();
  }

  #disturb(message: OutgoingMessage): { copies: number; delayMs: number } {
    const { messageLost, messageTwice, messageLate } = this.#faults;
    const random = this.#random;
    if (message.attributes["poison"] === "true") return { copies: 1, delayMs: 0 };
    const mayBeLost = message.topic !== topics.releases;
    const copies =
      mayBeLost && random.chance(messageLost) ? 0 : random.chance(messageTwice) ? random.int(2, 3) : 1;
    return { copies, delayMs: random.chance(messageLate) ? random.int(1, 45_000) : 0 };
  }

  #publish(topic: string, data: OutgoingMessage["data"]): void {
    this.#outside.queue.enqueue([{ topic, id: null, data, attributes: {} }]);
  }

  #behaviourOf(image: string): Behaviour {
    const name = image.split("@")[0]?.split("/").pop() ?? "";
    for (const [commit, fate] of this.#fates)
      if (commit.startsWith(name) && fate !== "build-fails" && fate !== "bad-config") return fate;
    return "good";
  }

  #anyFate(): Fate {
    if (this.#isCalm) return "good";
    if (this.#random.chance(0.5)) return "good";
    if (this.#random.chance(0.5)) return "bad-under-traffic";
    return this.#random.pick<Fate>("bad-at-gate", "silent", "never-ready", "build-fails", "bad-config");
  }

  /** A tag is pushed; the webhook tells of it, now and then twice. */
  #push(service: ServiceKey, tag: string, params: Readonly<{ fate: Fate; approval: boolean }>): void {
    const { fate, approval } = params;
    const repository = repositoryOf(service);
    const sha = commitOf(`${service} ${tag}`);
    this.#fates.set(sha, fate);
    const yaml = gantryYaml(service, { approval, hold: this.#random.chance(0.2) });
    const files = { "gantry.yaml": fate === "bad-config" ? `${yaml}\nnonsense: true` : yaml };
    this.#outside.git.push({ repository, tag, commit: { sha, files } });
    this.#request(service, tag, `github/${service}-${tag}`, tag === lastTag || this.#random.chance(0.3));
    if (tag !== lastTag && this.#random.chance(0.2))
      this.#request(service, tag, `github/again-${service}-${tag}`, false);
    const isBuilt = fate !== "build-fails" && fate !== "bad-config";
    if (tag !== lastTag && isBuilt && this.#random.chance(0.2)) this.#giveImage(service, tag, sha);
  }

  /** Somebody has built the commit elsewhere, and names the image. */
  #giveImage(service: ServiceKey, tag: string, commit: CommitSha): void {
    const image = imageOf(service, commit);
    this.#outside.registry.push(image);
    this.#request(service, tag, `api/image-${service}-${tag}`, true, `${image.name}:v1`);
  }

  #request(service: ServiceKey, tag: string, requestId: string, explicit: boolean, image?: string): void {
    this.#requests.push(requestId);
    const requestedBy = people[0];
    const repository = repositoryOf(service);
    this.#outside.queue.enqueue([
      requestMessage({
        ...{ requestId, repository, tag, commit: null, requestedBy, explicit },
        ...(image === undefined ? {} : { image }),
      }),
    ]);
  }

  #gitGoesAway(): void {
    const random = this.#random;
    const { time } = this.#world;
    time.after(random.int(0, 2 * minute), () => {
      this.#outside.git.isAway = true;
      this.#live("git is away");
      time.after(random.int(5_000, 3 * minute), () => {
        this.#outside.git.isAway = false;
        this.#live("git is back");
      });
    });
  }

  #injectPoison(): void {
    const bad = [null, 7, "text", {}, { service: "no key", work: "x" }, { service: 5 }];
    for (const topic of [topics.releases, topics.builds, ...Object.values(topics.work)]) {
      const data = bad[this.#random.int(0, bad.length - 1)] ?? null;
      this.#outside.queue.enqueue([{ topic, id: null, data, attributes: { poison: "true" } }]);
      this.#poison += 1;
    }
  }

  #somebodyActs(): void {
    const random = this.#random;
    const service = this.#services[random.int(0, this.#services.length - 1)];
    const node = this.#anyNode();
    if (!service || !node || node.process.isPaused) return;
    const { active } = this.#invariants.state(service);
    const by = random.pick(...people);
    const reason = "because";
    const approvalId = active?.status === "awaiting-approval" ? active.approvalId : null;
    const act = random.int(0, 11);
    const isExposed = active !== null && "candidate" in active && random.chance(0.3);
    if (act === 0 || isExposed) this.#handMovesTraffic(service);
    else if (act === 10) this.#outside.run.humanDeploys(service);
    else if (act === 11) this.#outside.run.humanRemovesTags(service);
    else if (act === 1 && active) ignored(node.desk.cancel({ releaseId: active.id, by, reason }));
    else if (act === 2) ignored(node.desk.rollBack({ service, to: null, by, reason }));
    else if (act === 3) this.#request(service, "v1.1.0", `api/again-${random.next()}`, true);
    else if (act === 4 && active) ignored(node.desk.reject({ releaseId: active.id, by, approvalId, reason }));
    else if (act === 5 && active) ignored(node.desk.pause({ releaseId: active.id, by }));
    else if (act === 6 && active) ignored(node.desk.resume({ releaseId: active.id, by }));
    else if (act === 7 && active) ignored(node.desk.promote({ releaseId: active.id, by }));
    else if (active) ignored(node.desk.approve({ releaseId: active.id, by, approvalId }));
  }

  #handMovesTraffic(service: ServiceKey): void {
    const split = this.#anySplit(service);
    if (split.length > 0) this.#outside.run.humanMoves(service, split);
  }

  #anySplit(service: ServiceKey): Split {
    const ready = this.#outside.run.revisionsOf(service).filter((revision) => revision.ready === "ready");
    const [one] = ready;
    const other = ready[this.#random.int(0, Math.max(0, ready.length - 1))];
    if (!one || !other) return [];
    const percent = this.#random.pick(0, 10, 50, 77, 100);
    return [
      { revision: one.name, percent: 100 - percent },
      { revision: other.name, percent },
    ].filter((share) => share.percent > 0);
  }

  /** A person ends what is held; what waited behind it may be held in its turn. */
  #resumePaused(): void {
    const [by] = people;
    for (const service of this.#services) {
      const { active } = this.#invariants.state(service);
      if (active?.status === "rolling-out" && active.paused)
        ignored(this.#nodes[0]?.desk.resume({ releaseId: active.id, by }));
    }
  }

  #cancelHeld(): boolean {
    const [by] = people;
    const held = this.#services.flatMap((service) => {
      const { active } = this.#invariants.state(service);
      return active?.status === "held" ? [active.id] : [];
    });
    for (const releaseId of held) ignored(this.#nodes[0]?.desk.cancel({ releaseId, by, reason: "" }));
    return held.length > 0;
  }

  /** What somebody changed by hand is taken for the truth. */
  #acceptChanges(): boolean {
    const [by] = people;
    const drifted = this.#services.filter((service) => this.#invariants.state(service).drift !== undefined);
    for (const service of drifted)
      ignored(this.#nodes[0]?.desk.acceptChanges({ service, by, reason: "on purpose" }));
    return drifted.length > 0;
  }

  /** Whatever happened before, a good tag in a quiet world goes live. */
  async #releaseOnceMore(): Promise<void> {
    const { run } = this.#outside;
    for (const service of this.#services) {
      const ready = run.revisionsOf(service).find((revision) => revision.ready === "ready");
      const served = run.effectiveOf(service);
      const isPlain = soleRevision(served) !== null && isSameSplit(served, run.desiredOf(service));
      if (ready && !isPlain) run.humanMoves(service, [{ revision: ready.name, percent: 100 }]);
    }
    await this.#rest();
    while (this.#acceptChanges()) await this.#rest();
    for (const service of this.#services) {
      const ready = run.revisionsOf(service).find((revision) => revision.ready === "ready");
      // A service that exists and serves nothing is somebody's own trouble: Gantry refuses to guess.
      const isServing = ready || !run.exists(service);
      if (isServing) this.#push(service, lastTag, { fate: "good", approval: false });
    }
    await this.#rest();
    await this.#invariants.atRest({ helds: false });
    for (const { tag, status, failure } of this.#invariants.records)
      if (tag === lastTag && status !== "live")
        throw new Error(`INVARIANT: a good tag in a quiet world ends ${status}: ${failure?.message}`);
  }

  async #checkMessages(): Promise<void> {
    const letters = await this.#outside.queue.deadLetters({ limit: 1000 });
    const bad = letters.filter(({ lastError }) => lastError.includes("cannot be read"));
    if (bad.length !== this.#poison)
      throw new Error(`INVARIANT: ${this.#poison} poison messages, ${bad.length} dead`);
    const killed = letters.filter(({ lastError }) => /the process ended|no answer within/.test(lastError));
    const known = new Set(killed.map(({ message }) => message.id));
    for (const requestId of this.#requests) if (!known.has(requestId)) await this.#checkRequest(requestId);
  }

  async #checkRequest(requestId: string): Promise<void> {
    const { store } = this.#outside;
    const id = releaseIdFor(requestId);
    if ((await store.release(id)) || (await store.refusal(id))) return;
    throw new Error(`INVARIANT: the request ${requestId} was lost`);
  }

  async #tally(): Promise<Omit<Report, "seed" | "happened">> {
    const statuses: Record<string, number> = {};
    for (const { status } of this.#invariants.records) statuses[status] = (statuses[status] ?? 0) + 1;
    const letters = await this.#outside.queue.deadLetters({ limit: 1000 });
    const refusals = await this.#outside.store.refusals({ limit: 1000 });
    return { statuses, deadLetters: letters.length - this.#poison, refusals: refusals.length };
  }
}

function ignored(promise: Promise<unknown> | undefined): void {
  promise?.catch(() => undefined);
}
