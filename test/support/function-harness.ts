import { openMemory } from "../../shared/adapters/memory/open-memory.ts";
import { createTracing } from "../../shared/adapters/system/step-tracing.ts";
import type { BuildReport } from "../../shared/domain/build-report.ts";
import { parseBuildId, type ReleaseId, type ServiceKey } from "../../shared/domain/ids.ts";
import { noLimits, type Policy } from "../../shared/domain/policy.ts";
import type { RevisionSettings, ServiceSettings } from "../../shared/domain/service-settings.ts";
import { type Split, soleRevision, splitOf } from "../../shared/domain/traffic.ts";
import type { BuildPort, BuildSnapshot, StartOutcome } from "../../shared/ports/build.ts";
import type { PubSubEvent } from "../../shared/ports/bus.ts";
import type { ImagesPort } from "../../shared/ports/images.ts";
import type { LogLine } from "../../shared/ports/logs.ts";
import type { LookupsPort } from "../../shared/ports/lookups.ts";
import { silentMeters } from "../../shared/ports/meters.ts";
import type { ProbeAnswer } from "../../shared/ports/probe.ts";
import type {
  CandidateOutcome,
  MinimumOutcome,
  MinimumRequest,
  RunPort,
  ServiceSnapshot,
  TemplateTrialOutcome,
  TrafficOutcome,
} from "../../shared/ports/run.ts";
import type { SourcePort, TagList } from "../../shared/ports/source.ts";
import type { Deps, Settings } from "../../shared/usecases/deps.ts";
import type { ReleaseRequest } from "../../shared/usecases/desk.ts";
import { RunningWork } from "../../shared/usecases/running-work.ts";
import { fakeImages } from "./fake-images.ts";
import { candidate, commitSha, image, monday, person, revisionName, serviceKey } from "./fixtures.ts";
import { ManualClock, settle } from "./manual-clock.ts";
import { serviceSettings, settingsReading } from "./settings.ts";
import { fakeLogs, fakeMetrics } from "./watched-cloud.ts";

export const repository = "perkie/background-removal";

/** A short and valid gantry.yaml; `extra` are more lines of it. */
export function gantryYaml(extra = "", name = "background-removal"): string {
  return `version: 1
service: { project: gantry-test, region: europe-west1, name: ${name} }
source: { repository: ${repository}, tags: "v*.*.*" }
rollout:
  steps: [{ traffic: 10%, hold: 1m }, { traffic: 100% }]
  bake: 1m
${extra}`;
}

/** A policy that allows everything. */
export function openPolicy(changes: Partial<Policy> = {}): Policy {
  return {
    repositories: [{ repository: "perkie/*", services: ["**"], branches: null, accounts: ["**"] }],
    approvers: {},
    people: {},
    limits: noLimits,
    freezes: [],
    images: null,
    prices: [],
    access: { viewers: [], operators: [] },
    ...changes,
  };
}

export function releaseRequest(changes: Partial<ReleaseRequest> = {}): ReleaseRequest {
  return {
    requestId: "github/1",
    repository,
    tag: "v1.0.0",
    commit: null,
    requestedBy: person,
    explicit: false,
    ...changes,
  };
}

/** A message as Pub/Sub hands it over; `raw` replaces the base64 of the data. */
export function pubSubEvent(topic: string, data: unknown, raw?: string): PubSubEvent {
  const id = "message-1";
  const time = new Date(monday).toISOString();
  const text = raw ?? Buffer.from(JSON.stringify(data)).toString("base64");
  return {
    specversion: "1.0",
    id,
    type: "google.cloud.pubsub.topic.v1.messagePublished",
    source: `//pubsub.googleapis.com/projects/gantry-test/topics/${topic}`,
    time,
    datacontenttype: "application/json",
    data: { message: { data: text, attributes: {}, messageId: id, publishTime: time }, subscription: "test" },
  };
}

type SaidLine = Readonly<{ level: string; message: string } & Record<string, unknown>>;

/** What the world outside says; a test changes what it needs. */
export class OutsideWorld {
  readonly service: ServiceKey = serviceKey();
  tags = new Map([["v1.0.0", commitSha()]]);
  files = new Map([["gantry.yaml", gantryYaml()]]);
  tagList: () => TagList | null = () => ({
    tags: [...this.tags].map(([name, object]) => ({ name, object })),
    etag: null,
  });
  commits = new Set([commitSha()]);
  branches = new Set(["main"]);
  asked: string[] = [];
  builds: string[] = [];
  cancelled: ReleaseId[] = [];
  /** Where builds were fetched from, asked for and cancelled, in this order: the connection, then regions. */
  readonly buildPlaces: (string | null)[] = [];
  removed: ReleaseId[] = [];
  moved: Split[] = [];
  /** What Cloud Build says, by default that the build is there and works. */
  start: () => Promise<StartOutcome> = async () => ({ outcome: "started", build: buildSnapshot() });
  build: () => Promise<BuildSnapshot | null> = async () => buildSnapshot({ status: "working" });
  deploy: () => Promise<CandidateOutcome> = async () => ({
    outcome: "ready",
    candidate: this.candidate,
    stable: this.stable,
  });
  buildLog: (signal: AbortSignal) => Promise<readonly LogLine[]> = async () => [];
  image: ImagesPort["resolve"] = fakeImages().resolve;
  move: (to: Split) => Promise<TrafficOutcome> = async () => ({ outcome: "effective" });
  remove: (signal: AbortSignal) => Promise<void> = async () => undefined;
  scale: (request: MinimumRequest) => Promise<MinimumOutcome> = (request) => this.#scaleAsAsked(request);
  /** Every minimum that was written, in order. */
  scaled: number[] = [];
  status: () => number = () => 200;
  lookupsPort: LookupsPort | null = null;
  tries: (maxInstances: number | null) => TemplateTrialOutcome = () => ({ outcome: "accepted" });
  settings: ServiceSettings = serviceSettings();
  /** What the candidate runs with; null = what the template says. */
  deployed: RevisionSettings | null = null;
  modifiedBy: string | null = null;
  candidate = candidate();
  readonly stable = revisionName("background-removal-00001");
  split: Split = [{ revision: this.stable, percent: 100 }];

  readonly sourcePort: { -readonly [K in keyof SourcePort]: SourcePort[K] } = {
    resolveTag: async ({ tag }) => this.tags.get(tag) ?? null,
    readFile: async ({ path }) => {
      this.asked.push(path);
      return this.files.get(path) ?? null;
    },
    committedAt: async ({ commit }) => (this.commits.has(commit) ? monday - 3_600_000 : null),
    listTags: async () => this.tagList(),
    isOnBranch: async ({ branch }) => this.branches.has(branch),
    cloneUrl: (name) => `https://git.test/${name}.git`,
  };

  readonly buildPort: BuildPort = {
    start: (request) => {
      this.buildPlaces.push(request.connection);
      this.builds.push(`${request.releaseId} ${request.tag} ${request.file.name}`);
      return this.start();
    },
    get: ({ region }) => {
      this.buildPlaces.push(region);
      return this.build();
    },
    cancel: async ({ releaseId, region }) => {
      this.buildPlaces.push(region);
      this.cancelled.push(releaseId);
    },
  };

  readonly runPort: RunPort = {
    readService: async () => this.snapshot(),
    readRevision: async ({ revision }) => ({
      revision,
      imageDigest: this.candidate.image.digest,
      labels: {},
      createdAt: null,
      firstStart: null,
      ready: { state: "ready", reason: "", message: "" },
    }),
    readSettings: async () => ({
      ...settingsReading(this.snapshot(), this.settings),
      modifiedBy: this.modifiedBy,
    }),
    readRevisionSettings: async () => this.deployed ?? this.settings.template,
    tryTemplate: async ({ maxInstances }) => this.tries(maxInstances),
    revisions: async () => [],
    deployCandidate: () => this.deploy(),
    setTraffic: async ({ target }) => {
      const outcome = await this.move(target);
      if (outcome.outcome === "effective") this.split = target;
      this.moved.push(target);
      return outcome;
    },
    setMinInstances: (request) => this.scale(request),
    removeCandidate: ({ releaseId, signal }) => {
      this.removed.push(releaseId);
      return this.remove(signal);
    },
  };

  /** What the service's own minimum is. */
  get minimum(): number {
    return this.settings.service.instances.min ?? 0;
  }

  set minimum(min: number) {
    const { service } = this.settings;
    this.settings = {
      ...this.settings,
      service: { ...service, instances: { ...service.instances, min: min === 0 ? null : min } },
    };
  }

  async #scaleAsAsked({ minimum, expected }: MinimumRequest): Promise<MinimumOutcome> {
    const found = this.minimum;
    if (found !== expected && found !== minimum) return { outcome: "changed", found, by: this.modifiedBy };
    if (found !== minimum) this.scaled.push(minimum);
    this.minimum = minimum;
    return { outcome: "set" };
  }

  /** What requests at the tag URL meet. */
  answer(): ProbeAnswer {
    return { kind: "answer", status: this.status(), headers: {}, body: "", truncated: false, durationMs: 5 };
  }

  snapshot(): ServiceSnapshot {
    const { revision, tag, url } = this.candidate;
    const shares = this.split.map((share) => ({ ...share, tag: null, url: null }));
    const tagged = { revision, percent: 0, tag, url };
    const latest = soleRevision(splitOf({ shares, latest: null }));
    return {
      service: this.service,
      url: "https://background-removal.test",
      desired: [...shares, tagged],
      effective: [...shares, tagged],
      settled: true,
      ready: { state: "ready", message: "" },
      latestReadyRevision: latest,
    };
  }
}

export function buildSnapshot(changes: Partial<BuildSnapshot> = {}): BuildSnapshot {
  const id = parseBuildId("build-1");
  if (id === null) throw new Error("build-1");
  return {
    id,
    releaseId: null,
    service: null,
    status: "queued",
    image: null,
    attempt: 1,
    report: null,
    logUrl: "https://log.test/build-1",
    startedAt: null,
    ...changes,
  };
}

/** A build that failed, about which nothing is known; or what a test says. */
export function buildReport(changes: Partial<BuildReport> = {}): BuildReport {
  return {
    state: "failed",
    failureType: null,
    detail: "",
    steps: [],
    timeoutMs: null,
    serviceAccount: null,
    ...changes,
  };
}

export const succeeded = (): BuildSnapshot => buildSnapshot({ status: "succeeded", image: image() });

const settings: Settings = {
  owner: "process-1",
  leaseMs: 30_000,
  invocationMs: null,
  maxAttempts: 5,
  retryMinMs: 250,
  retryMaxMs: 15_000,
  pollBuildEveryMs: 30_000,
  pollBuildUpToMs: null,
  sliceMs: 20_000,
  watchWaitingEveryMs: 60_000,
  driftEveryMs: null,
  findTagsEveryMs: null,
  webhookWithinMs: 60_000,
  deployDeadlineMs: 60_000,
  trafficDeadlineMs: 60_000,
  buildFile: { name: "cloudbuild-nocache.yaml", text: "steps: []" },
};

/** The functions' dependencies on a memory engine and a world that a test sets up. No bus runs: tests hand over events. */
export function functionHarness(changes: Readonly<{ policy?: Policy; settings?: Partial<Settings> }> = {}) {
  const clock = new ManualClock(monday);
  const engine = openMemory({ clock });
  const world = new OutsideWorld();
  const lines: SaidLine[] = [];
  const published: { topic: string; data: unknown; id: string | null }[] = [];
  const say = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, message, ...fields });
  };
  const deps: Deps = {
    store: engine.store,
    conversations: engine.conversations,
    freezes: engine.freezes,
    notes: engine.notes,
    bus: {
      publish: async (messages) => {
        published.push(...messages.map(({ topic, data, id }) => ({ topic, data, id })));
      },
      deadLetters: async () => [],
      replayDeadLetter: async () => false,
    },
    run: world.runPort,
    build: world.buildPort,
    source: world.sourcePort,
    probe: { request: async () => world.answer() },
    metrics: fakeMetrics(),
    logs: { ...fakeLogs(), buildLog: ({ signal }) => world.buildLog(signal) },
    images: { resolve: (reference) => world.image(reference) },
    get lookups() {
      return world.lookupsPort;
    },
    chat: null,
    forge: null,
    consoleUrl: () => "https://gantry.test",
    sourceSite: null,
    clock,
    ids: { short: () => "abcdefgh" },
    log: { info: say("info"), warn: say("warn"), error: say("error") },
    tracing: createTracing(null),
    meters: silentMeters,
    policy: changes.policy ?? openPolicy(),
    settings: { ...settings, ...changes.settings },
    running: new RunningWork(),
    onCommit: () => undefined,
  };
  /** Lets time pass until the promise is settled. */
  const finished = async <T>(promise: Promise<T>): Promise<T> => {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    promise.then(end, end);
    for (let turn = 0; turn < 10_000 && !isOver; turn += 1) {
      await settle();
      if (!isOver) await clock.advance(1_000);
    }
    return promise;
  };
  const state = async () => (await deps.store.load(world.service)).state;
  const events = async (id: ReleaseId) => (await deps.store.releaseEvents(id)).map(({ event }) => event.type);
  return { deps, world, clock, engine, lines, published, finished, state, events };
}

export type FunctionHarness = ReturnType<typeof functionHarness>;
