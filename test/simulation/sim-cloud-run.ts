import type { WriteResult } from "../../shared/adapters/run/run-api.ts";
import type { IRevision, IService } from "../../shared/adapters/run/service-snapshot.ts";
import { desiredShares } from "../../shared/adapters/run/service-snapshot.ts";
import type { RevisionName, ServiceKey, Timestamp } from "../../shared/domain/ids.ts";
import {
  describeSplit,
  isSameSplit,
  type Split,
  splitOf,
  type TrafficShare,
} from "../../shared/domain/traffic.ts";
import { revisionName } from "../support/fixtures.ts";
import type { Surroundings } from "./sim-process.ts";

/** How long a reading may still show what was there before a write: the adapter looks twice, a second apart. */
const staleMs = 900;

/** What an image does: `bad-under-traffic` answers well until requests of real users reach it. */
export type Behaviour = "good" | "never-ready" | "silent" | "bad-at-gate" | "bad-under-traffic";

export type Revision = Readonly<{
  name: RevisionName;
  release: string | null; // the release whose label it carries
  image: string;
  labels: Readonly<Record<string, string>>;
  containers: IRevision["containers"];
  createdAt: Timestamp;
}> & { ready: "working" | "ready" | "failed"; exposedAt: Timestamp | null };

/** A write that changed what share any revision shall have. */
export type TrafficWrite = Readonly<{
  at: Timestamp;
  service: ServiceKey;
  by: string; // a process, or `human`
  before: Split;
  after: Split;
  beforeBy: string; // who wrote what stood before
  addsCandidate: boolean;
}>;

type Cloud = {
  body: IService;
  generation: number;
  observed: number;
  reconciling: boolean;
  failure: string | null;
  effective: readonly TrafficShare[];
  latestReady: RevisionName | null;
  latestCreated: RevisionName | null;
  createdBy: string | null; // the release that made the service
  trafficBy: string;
  readonly revisions: Map<RevisionName, Revision>;
  before: IService | null; // as it was before the last write, for readings that are late
  changedAt: Timestamp;
};

type Body = Readonly<{ service: ServiceKey; body: IService; by: string }>;

/** Cloud Run as far as traffic goes: desired and effective lists, revisions that start or do not, etags. */
export class SimCloudRun {
  readonly writes: TrafficWrite[] = [];
  /** Every write that was accepted, in words. */
  readonly log: { at: Timestamp; text: string }[] = [];
  /** Rises with everything that changes. */
  version = 0;
  /** Called when somebody reads a service: what happens next can come between the reading and a write. */
  onRead: (service: ServiceKey) => void = () => undefined;
  /** How often a person deployed past Gantry, or took tags away. */
  humans = 0;
  readonly #world: Surroundings;
  readonly #clouds = new Map<ServiceKey, Cloud>();
  readonly #behaviourOf: (image: string) => Behaviour;

  constructor(world: Surroundings, behaviourOf: (image: string) => Behaviour) {
    this.#world = world;
    this.#behaviourOf = behaviourOf;
  }

  /** A service that somebody made long ago; `latest` = its traffic goes to whatever is newest. */
  found(service: ServiceKey, params: Readonly<{ latest: boolean }>): void {
    const name = revisionName(`${nameOf(service)}-00001-old`);
    const containers = [{ image: "gcr.io/sim/old@sha256:".padEnd(86, "0") }];
    const target = params.latest
      ? { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" as const, percent: 100 }
      : { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" as const, revision: name, percent: 100 };
    const cloud = this.#newCloud({ template: { containers }, traffic: [target] }, null);
    cloud.revisions.set(name, this.#revision(name, { containers }, null));
    cloud.latestCreated = name;
    this.#clouds.set(service, cloud);
    this.#ready(service, name, "ready");
    this.#reconcile(service, cloud, cloud.generation);
  }

  exists(service: ServiceKey): boolean {
    return this.#clouds.has(service);
  }

  revisionsOf(service: ServiceKey): readonly Revision[] {
    return [...(this.#clouds.get(service)?.revisions.values() ?? [])];
  }

  revisionOf(service: ServiceKey, name: RevisionName): Revision | null {
    return this.#clouds.get(service)?.revisions.get(name) ?? null;
  }

  effectiveOf(service: ServiceKey): Split {
    return splitOf({ shares: this.#clouds.get(service)?.effective ?? [], latest: null });
  }

  desiredOf(service: ServiceKey): Split {
    const cloud = this.#clouds.get(service);
    return cloud === undefined
      ? []
      : splitOf({ shares: desiredShares(cloud.body), latest: cloud.latestReady });
  }

  tagsOf(service: ServiceKey): readonly string[] {
    const cloud = this.#clouds.get(service);
    return (cloud?.body.traffic ?? []).flatMap(({ tag }) => tag || []);
  }

  createdBy(service: ServiceKey): string | null {
    return this.#clouds.get(service)?.createdBy ?? null;
  }

  trafficBy(service: ServiceKey): string {
    return this.#clouds.get(service)?.trafficBy ?? "nobody";
  }

  /** What a request to the address meets: a revision, or null when it leads nowhere. */
  at(url: string): Readonly<{ revision: Revision; behaviour: Behaviour }> | null {
    const [host = ""] = url.replace("https://", "").split("/");
    const [tag = "", name = ""] = host.replace(".sim.test", "").split("---");
    for (const [service, cloud] of this.#clouds) {
      const entry = nameOf(service) === name ? cloud.effective.find((share) => share.tag === tag) : undefined;
      const revision = entry?.revision ? cloud.revisions.get(entry.revision) : undefined;
      if (revision) return { revision, behaviour: this.#behaviourOf(revision.image) };
    }
    return null;
  }

  /** The service as the API shows it. */
  read(service: ServiceKey): IService | null {
    const cloud = this.#clouds.get(service);
    if (cloud === undefined) return null;
    this.onRead(service);
    const isFresh = this.#world.time.now() - cloud.changedAt < staleMs;
    if (isFresh && cloud.before !== null && this.#world.random.chance(this.#world.faults.staleRead))
      return structuredClone(cloud.before);
    return this.#view(service, cloud);
  }

  readRevision(service: ServiceKey, name: RevisionName): IRevision | null {
    const revision = this.revisionOf(service, name);
    return revision === null ? null : revisionView(service, revision);
  }

  readRevisions(service: ServiceKey): readonly IRevision[] {
    return this.revisionsOf(service)
      .map((revision) => revisionView(service, revision))
      .reverse();
  }

  create({ service, body, by }: Body): WriteResult {
    if (this.#clouds.has(service)) return { kind: "exists", message: "the service exists" };
    const release = body.labels?.["gantry-created-by"] ?? null;
    const cloud = this.#newCloud(body, release);
    cloud.trafficBy = by;
    this.#clouds.set(service, cloud);
    const name = this.#addRevision(service, cloud, body);
    if (name === null) return { kind: "refused", message: "no name for the revision" };
    this.#changed(service, cloud);
    return { kind: "accepted", generation: cloud.generation };
  }

  update({ service, body, by }: Body, etag: string | null): WriteResult {
    const cloud = this.#clouds.get(service);
    if (cloud === undefined) return { kind: "not-found", message: "no such service" };
    if (etag !== null && etag !== etagOf(cloud))
      return { kind: "conflict", message: "the etag is out of date" };
    const { template, traffic } = body;
    if (template?.revision && cloud.revisions.has(revisionName(template.revision)))
      return { kind: "exists", message: `revision ${template.revision} exists` };
    const before = this.desiredOf(service);
    const view = this.#view(service, cloud);
    const merged: IService = {
      ...cloud.body,
      ...(template ? { template: { ...cloud.body.template, ...template } } : {}),
      ...(traffic ? { traffic } : {}),
    };
    const after = splitOf({ shares: desiredShares(merged), latest: cloud.latestReady });
    if (desiredShares(merged).reduce((sum, { percent }) => sum + percent, 0) !== 100)
      throw new Error(`${by} asked Cloud Run for traffic that does not sum to 100: ${describeSplit(after)}`);
    cloud.body = merged;
    if (by === "human") cloud.trafficBy = by;
    if (template) this.#addRevision(service, cloud, merged);
    cloud.generation += 1;
    cloud.before = view;
    const list = (merged.traffic ?? []).map(
      (one) => `${one.percent}% ${one.revision ?? "latest"} ${one.tag ?? ""}`,
    );
    const made = template ? ` makes ${template.revision}` : "";
    this.log.push({ at: this.#world.time.now(), text: `${by}${made} asks for ${list.join(", ")}` });
    if (!isSameSplit(before, after)) {
      const addsCandidate = template !== undefined;
      this.writes.push({
        at: this.#world.time.now(),
        service,
        by,
        before,
        after,
        beforeBy: cloud.trafficBy,
        addsCandidate,
      });
      cloud.trafficBy = by;
    }
    this.#changed(service, cloud);
    return { kind: "accepted", generation: cloud.generation };
  }

  remove(service: ServiceKey, etag: string): WriteResult {
    const cloud = this.#clouds.get(service);
    if (cloud === undefined) return { kind: "not-found", message: "no such service" };
    if (etag !== etagOf(cloud)) return { kind: "conflict", message: "the etag is out of date" };
    this.#clouds.delete(service);
    this.version += 1;
    return { kind: "accepted", generation: null };
  }

  /** A person at a terminal of their own: nobody's etag holds them up. */
  humanMoves(service: ServiceKey, split: Split): void {
    const cloud = this.#clouds.get(service);
    if (cloud === undefined) return;
    const tags = (cloud.body.traffic ?? []).filter(({ tag }) => tag);
    const traffic = [
      ...split.map(({ revision, percent }) => ({
        type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" as const,
        revision,
        percent,
      })),
      ...tags.map((target) => ({ ...target, percent: 0 })),
    ];
    this.update({ service, body: { traffic }, by: "human" }, null);
  }

  /** A person deploys past Gantry, as `gcloud run deploy` does: a new revision, and all traffic to whatever is newest. */
  humanDeploys(service: ServiceKey): void {
    const cloud = this.#clouds.get(service);
    if (cloud === undefined) return;
    this.humans += 1;
    const { "gantry-release": _, ...labels } = cloud.body.template?.labels ?? {};
    const revision = `${nameOf(service)}-by-hand-${this.humans}`;
    const tags = (cloud.body.traffic ?? []).filter(({ tag }) => tag);
    const latest = { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" as const, percent: 100 };
    const traffic = [latest, ...tags.map((target) => ({ ...target, percent: 0 }))];
    const template = { ...cloud.body.template, revision, labels };
    this.update({ service, body: { template, traffic }, by: "human" }, null);
  }

  /** A person takes all tags away. */
  humanRemovesTags(service: ServiceKey): void {
    const cloud = this.#clouds.get(service);
    if (cloud === undefined) return;
    const traffic = (cloud.body.traffic ?? [])
      .filter(({ percent }) => (percent ?? 0) > 0)
      .map(({ tag: _, ...target }) => target);
    this.humans += 1;
    if (traffic.length > 0) this.update({ service, body: { traffic }, by: "human" }, null);
  }

  #newCloud(body: IService, createdBy: string | null): Cloud {
    return {
      body,
      generation: 1,
      observed: 0,
      reconciling: true,
      failure: null,
      effective: [],
      latestReady: null,
      latestCreated: null,
      createdBy,
      trafficBy: "founder",
      revisions: new Map(),
      before: null,
      changedAt: this.#world.time.now(),
    };
  }

  #revision(
    name: RevisionName,
    template: NonNullable<IService["template"]>,
    release: string | null,
  ): Revision {
    return {
      name,
      release,
      image: template.containers?.[0]?.image ?? "",
      labels: template.labels ?? {},
      containers: template.containers ?? [],
      createdAt: this.#world.time.now(),
      ready: "working",
      exposedAt: null,
    };
  }

  #addRevision(service: ServiceKey, cloud: Cloud, { template }: IService): RevisionName | null {
    if (!template?.revision) return null;
    const name = revisionName(template.revision);
    const revision = this.#revision(name, template, template.labels?.["gantry-release"] ?? null);
    cloud.revisions.set(name, revision);
    cloud.latestCreated = name;
    const isBad = this.#behaviourOf(revision.image) === "never-ready";
    const { time, random } = this.#world;
    time.after(random.int(500, 6_000), () => this.#ready(service, name, isBad ? "failed" : "ready"));
    return name;
  }

  #ready(service: ServiceKey, name: RevisionName, ready: Revision["ready"]): void {
    const revision = this.#clouds.get(service)?.revisions.get(name);
    if (revision) revision.ready = ready;
    this.version += 1;
  }

  #changed(service: ServiceKey, cloud: Cloud): void {
    const { time, random } = this.#world;
    cloud.changedAt = time.now();
    cloud.reconciling = true;
    cloud.failure = null;
    this.version += 1;
    const { generation } = cloud;
    time.after(random.int(100, 3_000), () => this.#reconcile(service, cloud, generation));
  }

  #reconcile(service: ServiceKey, cloud: Cloud, generation: number): void {
    if (cloud.generation !== generation || this.#clouds.get(service) !== cloud) return;
    const shares = desiredShares(cloud.body);
    const named = shares.map(({ revision }) => revision ?? cloud.latestCreated);
    const states = named.map((name) => (name && cloud.revisions.get(name)?.ready) || "failed");
    const newest = cloud.latestCreated && cloud.revisions.get(cloud.latestCreated);
    if (states.includes("working")) {
      this.#world.time.after(500, () => this.#reconcile(service, cloud, generation));
      return;
    }
    cloud.reconciling = false;
    this.version += 1;
    const failed = named[states.indexOf("failed")];
    if (states.includes("failed")) {
      cloud.failure = `Revision '${failed}' is not ready and cannot serve traffic.`;
      return;
    }
    if (newest && newest.ready === "ready") cloud.latestReady = newest.name;
    cloud.observed = generation;
    cloud.effective = shares.map((share) => ({ ...share, revision: share.revision ?? cloud.latestReady }));
    for (const { revision } of splitOf({ shares: cloud.effective, latest: null })) {
      const exposed = cloud.revisions.get(revision);
      if (exposed) exposed.exposedAt ??= this.#world.time.now();
    }
  }

  #view(service: ServiceKey, cloud: Cloud): IService {
    const { failure, reconciling, generation, observed } = cloud;
    const state =
      failure !== null ? "CONDITION_FAILED" : reconciling ? "CONDITION_RECONCILING" : "CONDITION_SUCCEEDED";
    return structuredClone({
      ...cloud.body,
      name: service,
      uri: `https://${nameOf(service)}.sim.test`,
      etag: etagOf(cloud),
      generation,
      observedGeneration: observed,
      reconciling,
      terminalCondition: { type: "Ready", state, message: failure ?? "" } as const,
      latestReadyRevision: cloud.latestReady ?? "",
      latestCreatedRevision: cloud.latestCreated ?? "",
      trafficStatuses: cloud.effective.map(({ revision, percent, tag }) => ({
        revision: revision ?? "",
        percent,
        ...(tag === null ? {} : { tag, uri: `https://${tag}---${nameOf(service)}.sim.test` }),
      })),
    });
  }
}

function nameOf(service: ServiceKey): string {
  return service.split("/")[2] ?? "";
}

function etagOf({ generation, observed, reconciling }: Cloud): string {
  return `"${generation}-${observed}-${reconciling}"`;
}

function revisionView(
  service: ServiceKey,
  { name, labels, containers, ready, createdAt }: Revision,
): IRevision {
  const state = {
    ready: "CONDITION_SUCCEEDED",
    failed: "CONDITION_FAILED",
    working: "CONDITION_PENDING",
  } as const;
  return structuredClone({
    name: `${service}/revisions/${name}`,
    labels: { ...labels },
    containers: containers ?? [],
    conditions: [
      { type: "Ready", state: state[ready], message: ready === "failed" ? "it did not start" : "" },
    ],
    createTime: { seconds: Math.floor(createdAt / 1000), nanos: 0 },
  });
}
