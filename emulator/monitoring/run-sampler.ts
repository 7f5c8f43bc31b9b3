import { METRICS, type MetricDescriptor } from "./metric-catalogue.ts";
import type { SampleStore } from "./sample-store.ts";

/** One process of a revision. `memoryBytes` null = the system does not tell. */
export type SampledInstance = Readonly<{
  id: string;
  state: "starting" | "ready" | "stopping" | "exited";
  inFlight: number;
  startupMs: number | null;
  memoryBytes: number | null;
  gpus: number;
}>;

/** A revision whose processes can be looked at. */
export type SampledRevision = Readonly<{
  project: string;
  location: string;
  service: string;
  revision: string;
  memoryLimitBytes: number;
  /** Paid for from start to end, and not only while it serves. */
  isInstanceBilled: boolean;
  instances: readonly SampledInstance[];
}>;

/** A request that ended. `revision` is a full resource name. */
export type SampledRequest = Readonly<{ revision: string; status: number; latencyMs: number }>;

export type SamplerOptions = Readonly<{
  store: SampleStore;
  revisions: () => readonly SampledRevision[];
  /** What the share of memory is reported as; null = as it is. */
  memoryFault: () => number | null;
  now: () => number;
}>;

/** Looks at what runs, each time it is told to, and writes down what it saw. */
export class RunSampler {
  readonly #options: SamplerOptions;
  readonly #requests = new Map<string, SampledRequest[]>();
  /** Instances whose start was counted. */
  #started = new Set<string>();
  #last: number;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#last = options.now();
  }

  /** Counts a request until the next look. */
  note(request: SampledRequest): void {
    const waiting = this.#requests.get(request.revision) ?? [];
    waiting.push(request);
    this.#requests.set(request.revision, waiting);
  }

  /** Takes one sample of everything. */
  look(): void {
    const now = this.#options.now();
    const span = { from: this.#last, to: Math.max(now, this.#last + 1) };
    this.#last = span.to;
    const seen = new Set<string>();
    for (const revision of this.#options.revisions()) {
      this.#sampleInstances(revision, span, seen);
      this.#sampleRequests(revision, span);
    }
    this.#started = seen;
  }

  #sampleInstances(revision: SampledRevision, span: Span, seen: Set<string>): void {
    const live = revision.instances.filter(({ state }) => state !== "exited");
    const add = this.#adder(revision, span);
    const started = live.filter(({ startupMs }) => startupMs !== null);
    const fresh = started.filter(({ id }) => !this.#started.has(id));
    for (const { id } of started) seen.add(id);
    add(
      METRICS.startup,
      fresh.flatMap(({ startupMs }) => startupMs ?? []),
    );
    add(METRICS.memory, this.#memoryShares(revision, live));
    const withGpu = live.filter(({ gpus }) => gpus > 0);
    add(
      METRICS.gpu,
      withGpu.map(({ inFlight }) => (inFlight > 0 ? 1 : 0)),
    );
    add(
      METRICS.gpuMemory,
      withGpu.map(() => 0),
    );
    if (live.length === 0) return;
    const active = live.filter(({ inFlight }) => inFlight > 0).length;
    add(METRICS.instances, [active], { state: "active" });
    add(METRICS.instances, [live.length - active], { state: "idle" });
    const paid = revision.isInstanceBilled ? live.length : active;
    if (paid > 0) add(METRICS.billable, [(paid * (span.to - span.from)) / 1000]);
  }

  #memoryShares({ memoryLimitBytes }: SampledRevision, live: readonly SampledInstance[]): readonly number[] {
    const fault = this.#options.memoryFault();
    return live.flatMap(({ memoryBytes }) =>
      memoryBytes === null ? [] : [fault ?? Math.min(1, memoryBytes / memoryLimitBytes)],
    );
  }

  #sampleRequests(revision: SampledRevision, span: Span): void {
    const { project, location, service, revision: name } = revision;
    const fullName = `projects/${project}/locations/${location}/services/${service}/revisions/${name}`;
    const ended = this.#requests.get(fullName) ?? [];
    this.#requests.delete(fullName);
    const add = this.#adder(revision, span);
    for (const status of new Set(ended.map((request) => request.status))) {
      const labels = { response_code: String(status), response_code_class: `${Math.floor(status / 100)}xx` };
      const alike = ended.filter((request) => request.status === status);
      add(METRICS.requests, [alike.length], labels);
      add(
        METRICS.requestLatency,
        alike.map(({ latencyMs }) => latencyMs),
        labels,
      );
    }
  }

  #adder({ project, location, service, revision }: SampledRevision, span: Span) {
    const resourceLabels = {
      project_id: project,
      location,
      service_name: service,
      revision_name: revision,
      configuration_name: service,
    };
    return (metric: MetricDescriptor, values: readonly number[], metricLabels: Labels = {}): void => {
      if (values.length === 0) return;
      this.#options.store.add({ metric, project, metricLabels, resourceLabels, sample: { ...span, values } });
    };
  }
}

type Labels = Readonly<Record<string, string>>;
type Span = Readonly<{ from: number; to: number }>;
