import type { ImageSource } from "../../images/process-image.ts";
import type { RegionQuotas } from "../control/quotas.ts";
import { parentName, serviceName } from "../control/resource-names.ts";
import type { RevisionRecord, ServiceKey, ServiceState } from "../control/service-records.ts";
import { gpusPerInstance, ingressContainer } from "../control/template.ts";
import type { CloudRunTimings } from "../timings.ts";
import { GpuLedger, type Release } from "./capacity.ts";
import { freePort } from "./free-port.ts";
import { Instance, type InstanceDescription, type LogStream } from "./instance.ts";
import { InstancePool, type StartOutcome } from "./instance-pool.ts";
import { launchPlan } from "./launch-plan.ts";
import type { ProcessReaper } from "./process-reaper.ts";
import { Ring } from "./ring.ts";
import { planProbe } from "./startup-probe.ts";

const LOG_LINES = 1000;

/** A line that an instance wrote. `at` is milliseconds since the epoch. */
export type LogLine = Readonly<{ at: number; instance: string; stream: LogStream; text: string }>;

/** One revision that can run: its instances and what they said. */
type RunningRevision = Readonly<{
  key: ServiceKey;
  revision: RevisionRecord;
  pool: InstancePool;
  logs: Ring<LogLine>;
}>;

/** A revision and the processes that it has now. */
export type RevisionActivity = Readonly<{
  key: ServiceKey;
  revision: RevisionRecord;
  instances: readonly InstanceDescription[];
}>;

export type DataPlaneOptions = Readonly<{
  images: ImageSource;
  timings: CloudRunTimings;
  quotas: RegionQuotas;
  reaper: ProcessReaper;
  now: () => number;
  /** The state of a service, for its limit over all revisions; null when it is gone. */
  stateOf: (key: ServiceKey) => ServiceState | null;
  /** Whether the region has no GPU to give at all. */
  isGpuExhausted: (key: ServiceKey) => boolean;
  /** Whether the next instance comes up without the GPU that its revision asks for. */
  isGpuWithheld: (key: ServiceKey) => boolean;
  log: (line: string) => void;
}>;

/** Runs revisions as child processes. */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #running = new Map<string, RunningRevision>();
  readonly #gpus: GpuLedger;
  #instances = 0;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#gpus = new GpuLedger(options.quotas.gpus + options.quotas.gpusWithZonalRedundancy);
  }

  /** The instances of a revision, which are made known with the first use. */
  poolOf(key: ServiceKey, revision: RevisionRecord): InstancePool {
    return this.#runningRevision(key, revision).pool;
  }

  /** Starts one instance if none runs and says whether it passed its startup probe. */
  prove(key: ServiceKey, revision: RevisionRecord): Promise<StartOutcome> {
    return this.poolOf(key, revision).prove();
  }

  logs(key: ServiceKey, revision: string): readonly LogLine[] {
    return this.#running.get(this.#id(key, revision))?.logs.entries() ?? [];
  }

  /** The instances of one revision, whatever their state. */
  instances(key: ServiceKey, revision: string): readonly InstanceDescription[] {
    return this.#running.get(this.#id(key, revision))?.pool.describe() ?? [];
  }

  /** Every revision that was used, with what it has and what of it runs. */
  activity(): readonly RevisionActivity[] {
    return [...this.#running.values()].map(({ key, revision, pool }) => ({
      key,
      revision,
      instances: pool.describe(),
    }));
  }

  /** Stops the instances of a revision for good. */
  async remove(key: ServiceKey, revision: string): Promise<void> {
    const id = this.#id(key, revision);
    const running = this.#running.get(id);
    this.#running.delete(id);
    await running?.pool.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ pool }) => pool.close()));
    this.#running.clear();
  }

  #id(key: ServiceKey, revision: string): string {
    return `${serviceName(key)}/revisions/${revision}`;
  }

  #runningRevision(key: ServiceKey, revision: RevisionRecord): RunningRevision {
    const id = this.#id(key, revision.name);
    const known = this.#running.get(id);
    if (known !== undefined) return known;
    const logs = new Ring<LogLine>(LOG_LINES);
    const pool = new InstancePool({
      template: revision.template,
      idleMs: this.#options.timings.idleMs,
      queueMs: this.#options.timings.queueMs,
      launch: () => this.#launch(key, revision, logs),
      takeCapacity: () => this.#takeCapacity(key, revision),
      serviceHeadroom: () => this.#serviceHeadroom(key),
    });
    const running = { key, revision, pool, logs };
    this.#running.set(id, running);
    return running;
  }

  async #launch(key: ServiceKey, revision: RevisionRecord, logs: Ring<LogLine>): Promise<Instance | null> {
    const { images, timings, reaper, now } = this.#options;
    const container = ingressContainer(revision.template);
    const image = await images.resolve(container.image ?? "");
    if (image === null) return null;
    this.#instances += 1;
    const id = `${revision.name}-${this.#instances}`;
    const isSkipped = revision.template.healthCheckDisabled === true;
    const probe = isSkipped ? null : planProbe(container.startupProbe ?? {}, timings.startupBudgetMs);
    const asked = gpusPerInstance(revision.template);
    const gpus = asked > 0 && this.#options.isGpuWithheld(key) ? 0 : asked;
    this.#options.log(`starting instance ${id}`);
    return new Instance({
      id,
      plan: launchPlan(image, { key, revision, port: await freePort(), gpus }),
      gpus,
      probe,
      shutdownGraceMs: timings.shutdownGraceMs,
      reaper,
      onLine: (stream, text) => logs.add({ at: now(), instance: id, stream, text }),
    });
  }

  #takeCapacity(key: ServiceKey, revision: RevisionRecord): Release | null {
    const gpus = gpusPerInstance(revision.template);
    if (gpus > 0 && this.#options.isGpuExhausted(key)) return null;
    return this.#gpus.take(parentName(key), gpus);
  }

  #serviceHeadroom(key: ServiceKey): number {
    const max = this.#options.stateOf(key)?.record.spec.scaling?.maxInstanceCount;
    if (!max) return Number.POSITIVE_INFINITY;
    const service = serviceName(key);
    const running = [...this.#running.values()].filter((other) => serviceName(other.key) === service);
    return max - running.reduce((sum, { pool }) => sum + pool.size, 0);
  }
}
