import type { ServiceEvent } from "../../shared/domain/events.ts";
import { evolve } from "../../shared/domain/evolve.ts";
import type { ReleaseId, RevisionName, ServiceKey } from "../../shared/domain/ids.ts";
import { owed } from "../../shared/domain/owed.ts";
import { newRecord, project } from "../../shared/domain/project.ts";
import { splitsOfRelease } from "../../shared/domain/release-plan.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { newService, type ServiceState } from "../../shared/domain/service-state.ts";
import { describeSplit, isSameSplit, isWholeSplit, percentOf } from "../../shared/domain/traffic.ts";
import { isEnd } from "../../shared/domain/words.ts";
import type { Store } from "../../shared/ports/store.ts";
import type { SimCloudBuild } from "./sim-build.ts";
import type { Behaviour, SimCloudRun, TrafficWrite } from "./sim-cloud-run.ts";

type Watched = Readonly<{
  store: Store;
  run: SimCloudRun;
  build: SimCloudBuild;
  services: readonly ServiceKey[];
  /** Whether the commit is good for all that is known outside; Gantry has to find out by itself. */
  isGood: (commit: string) => boolean;
  behaviourOf: (image: string) => Behaviour;
  /** One, but where a process may stand still between its look for a build and its creation of one: there is no fence. */
  mostBuilds: number;
}>;

/** Looks at the cloud and the store after everything that happens, and throws at the first promise that is broken. */
export class Invariants {
  readonly #watched: Watched;
  readonly #folded = new Map<ServiceKey, ServiceState>();
  readonly #records = new Map<ReleaseId, ReleaseRecord>();
  readonly #happened = new Map<ReleaseId, Set<ServiceEvent["type"]>>();
  readonly #dropped = new Set<ReleaseId>();
  readonly #targets = new Set<RevisionName>(); // where a way back, or a person, led traffic on purpose
  #position = 0;
  #writes = 0;
  #cloudVersion = -1;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  state(service: ServiceKey): ServiceState {
    return this.#folded.get(service) ?? newService(service);
  }

  get records(): readonly ReleaseRecord[] {
    return [...this.#records.values()];
  }

  happened(id: ReleaseId): ReadonlySet<string> {
    return this.#happened.get(id) ?? new Set();
  }

  async check(): Promise<void> {
    await this.#foldNewEvents();
    const { run } = this.#watched;
    if (run.version === this.#cloudVersion) return;
    this.#cloudVersion = run.version;
    for (const write of run.writes.slice(this.#writes)) this.#checkWrite(write);
    this.#writes = run.writes.length;
    for (const service of this.#watched.services) this.#checkTraffic(service);
    const { build, mostBuilds } = this.#watched;
    for (const [attempt, count] of build.counts())
      if (count > mostBuilds) broken(`${count} builds were created for ${attempt}`);
    for (const { id, prebuilt } of this.records)
      if (
        prebuilt !== undefined &&
        [...build.counts().keys()].some((attempt) => attempt.startsWith(`${id},`))
      )
        broken(`${id} was built, and its image was given`);
    for (const release of build.needless())
      broken(`${release} was built twice, and the platform did not lose the first build`);
  }

  async #foldNewEvents(): Promise<void> {
    const { store } = this.#watched;
    if ((await store.lastPosition()) === this.#position) return;
    const touched = new Set<ServiceKey>();
    const told = new Set<ReleaseId>();
    for (const { service, position, event } of await store.eventsAfter({
      after: this.#position,
      limit: 1e6,
    })) {
      this.#position = position;
      touched.add(service);
      told.add(event.releaseId);
      this.#checkEvent(service, event);
      this.#folded.set(service, evolve(this.state(service), event));
      this.#project(service, event);
    }
    for (const service of touched) await this.#compareState(service);
    for (const id of told) {
      const stored = JSON.stringify(await store.release(id));
      const folded = JSON.stringify(this.#records.get(id) ?? null);
      if (stored !== folded) broken(`the record of ${id} is ${stored}, and its events say ${folded}`);
    }
  }

  async #compareState(service: ServiceKey): Promise<void> {
    const { store } = this.#watched;
    const { state } = await store.load(service);
    const folded = this.state(service);
    if (JSON.stringify(state) !== JSON.stringify(folded))
      broken(`the state of ${service} is not what its events fold to`);
    const stored = (await store.owedWork(service)).map(({ id }) => id).sort();
    const wanted = owed(folded)
      .map(({ id }) => id)
      .sort();
    if (stored.join() !== wanted.join())
      broken(`${service} owes ${wanted.join()} but ${stored.join()} is stored`);
  }

  #project(service: ServiceKey, event: ServiceEvent): void {
    const { releaseId } = event;
    if (event.type === "release-requested") this.#records.set(releaseId, newRecord(service, event.release));
    const record = this.#records.get(releaseId);
    if (record) this.#records.set(releaseId, project(record, event));
    const happened = this.#happened.get(releaseId) ?? new Set();
    this.#happened.set(releaseId, happened.add(event.type));
  }

  #checkEvent(service: ServiceKey, event: ServiceEvent): void {
    const record = this.#records.get(event.releaseId);
    const { active } = this.state(service);
    if (event.type === "release-began" && active !== null)
      broken(`${event.releaseId} began beside ${active.id}`);
    const hasStable = record !== undefined && record.stable !== null;
    if (event.type === "step-began" && hasStable && event.percent <= record.percent)
      broken(`step ${event.step} of ${event.releaseId} does not rise`);
    if (event.type === "step-began" && this.happened(event.releaseId).has("rollback-began"))
      broken(`${event.releaseId} goes on after its rollback began`);
    if (event.type === "release-live" && record && !this.#watched.isGood(record.commit))
      broken(`${event.releaseId} is live and its commit is bad`);
    if (event.type === "rollback-began" && event.target) this.#targets.add(event.target);
    if (event.type === "candidate-deployed" && event.stable) this.#targets.add(event.stable);
  }

  #checkTraffic(service: ServiceKey): void {
    const { run } = this.#watched;
    const effective = run.effectiveOf(service);
    if (effective.length > 0 && !isWholeSplit(effective))
      broken(`the traffic of ${service} is ${describeSplit(effective)}`);
    for (const { revision } of effective) {
      const known = run.revisionOf(service, revision);
      if (known?.ready !== "ready") broken(`${revision} has traffic and is ${known?.ready ?? "gone"}`);
    }
  }

  #checkWrite(write: TrafficWrite): void {
    const { service, by, before, after } = write;
    if (by === "human") {
      for (const { revision } of after) this.#targets.add(revision);
      return;
    }
    for (const { revision } of after) this.#checkExposure(service, revision, write);
    for (const { revision } of [...before, ...after]) this.#checkDirection(service, revision, write);
    if (write.beforeBy === "human") this.#checkHumansHand(write);
  }

  #checkExposure(service: ServiceKey, revision: RevisionName, { before, after }: TrafficWrite): void {
    const { run } = this.#watched;
    const known = run.revisionOf(service, revision);
    if (known?.ready !== "ready")
      broken(`Gantry sent traffic to ${revision}, which is ${known?.ready ?? "gone"}`);
    const isRise = percentOf(after, revision) > percentOf(before, revision);
    if (!isRise || known.release === null || this.#targets.has(revision)) return;
    const record = this.records.find(({ id }) => id === known.release);
    if (!record)
      throw new Error(`INVARIANT: ${revision} has traffic for an unknown release ${known.release}`);
    const behaviour = this.#watched.behaviourOf(known.image);
    if (behaviour === "silent" || behaviour === "bad-at-gate")
      broken(`${revision} is ${behaviour} and has traffic`);
    const happened = this.happened(record.id);
    if (!happened.has("gate-passed")) broken(`${revision} has traffic before its gate passed`);
    const { approval } = record.plan;
    if (approval.required && record.approvedBy.length < approval.count)
      broken(`${revision} has traffic without approval`);
  }

  #checkDirection(service: ServiceKey, revision: RevisionName, { before, after, at }: TrafficWrite): void {
    const { run } = this.#watched;
    const release = this.records.find(({ id }) => id === run.revisionOf(service, revision)?.release);
    if (!release || this.#targets.has(revision)) return;
    const change = percentOf(after, revision) - percentOf(before, revision);
    if (change < 0 && release.status !== "live") this.#dropped.add(release.id);
    if (change > 0 && this.#dropped.has(release.id))
      broken(
        `the share of ${release.id} (${release.status}) rose again after it dropped, at ${at}: ${describeSplit(after)}`,
      );
  }

  /** What a person did stands, unless a person asked for the way back or it is what the release itself would have written. */
  #checkHumansHand({ service, before, after }: TrafficWrite): void {
    const { active } = this.state(service);
    const isAsked = active?.status === "rolling-back" && active.by.kind === "person";
    const isOwn =
      active !== null &&
      "candidate" in active &&
      splitsOfRelease(active).some((split) => isSameSplit(split, before));
    if (!isAsked && !isOwn)
      broken(
        `Gantry (${active?.status ?? "idle"}) wrote ${describeSplit(after)} over a person's ${describeSplit(before)}`,
      );
  }

  /** What must hold once nothing goes wrong any more and time enough has passed. */
  async atRest(params: Readonly<{ helds: boolean }>): Promise<void> {
    const { store, run, services, build } = this.#watched;
    for (const record of this.records) {
      const { active } = this.state(record.service);
      const isHeld = params.helds && active?.status === "held";
      if (!isEnd(record.status) && !isHeld) broken(`${record.id} (${record.tag}) is still ${record.status}`);
    }
    for (const service of services)
      for (const { id, kind } of await store.owedWork(service))
        if (kind !== "check-drift") broken(`${id} is still owed`); // a service is looked at for ever
    for (const service of services) {
      const isHeld = this.state(service).active?.status === "held";
      const own = run.tagsOf(service).filter((tag) => tag.startsWith("g-"));
      if (!isHeld && own.length > 0) broken(`${service} still has the tags ${own.join(", ")}`);
      this.#checkRevisions(service);
    }
    const running = build.unfinished();
    if (running.length > 0) broken(`the builds of ${running.join(", ")} still run`);
  }

  #checkRevisions(service: ServiceKey): void {
    const byRelease = new Map<string, number>();
    for (const { release } of this.#watched.run.revisionsOf(service))
      if (release !== null) byRelease.set(release, (byRelease.get(release) ?? 0) + 1);
    // What a person changed in the template between two tries is another revision.
    const most = this.#watched.run.humans > 0 ? 2 : 1;
    for (const [release, count] of byRelease) if (count > most) broken(`${release} made ${count} revisions`);
  }
}

function broken(what: string): never {
  throw new Error(`INVARIANT: ${what}`);
}
