import { createHash } from "node:crypto";
import { stringify } from "yaml";
import type { CloudPorts } from "../cli/runtime/cloud-ports.ts";
import {
  parseBuildId,
  parseCommitSha,
  parseImageDigest,
  parseRevisionName,
  type RevisionName,
  type ServiceKey,
} from "../shared/domain/ids.ts";
import { candidateTag } from "../shared/domain/traffic.ts";
import { type BuildPort, type BuildSnapshot, releaseTagPrefix } from "../shared/ports/build.ts";
import { type Bus, topics } from "../shared/ports/bus.ts";
import type { ProbePort } from "../shared/ports/probe.ts";
import type { RunPort, ServiceSnapshot } from "../shared/ports/run.ts";
import type { SourcePort } from "../shared/ports/source.ts";
import { fakeImages } from "../test/support/fake-images.ts";
import { revisionSettings, settingsReading } from "../test/support/settings.ts";
import { fakeLogs, fakeMetrics } from "../test/support/watched-cloud.ts";

const owner = "bench";
const project = "gantry-bench";
const region = "us-central1";

type Traffic = ServiceSnapshot["effective"];

/** The repository of the service with this number, and its key. */
export function benchRepository(number: number): string {
  return `${owner}/service-${number}`;
}

/** A plan without a wait: what a release takes then is what Gantry adds. */
function configOf(repository: string): string {
  const name = repository.slice(owner.length + 1);
  return stringify({
    version: 1,
    service: { project, region, name },
    source: { repository, tags: "v*.*.*" },
    verify: {
      checks: [
        { name: "health", get: "/health", status: 200 },
        { name: "model", get: "/model-info", status: 200 },
      ],
    },
    rollout: { steps: [{ traffic: "100%" }], watch: { every: "1s" }, bake: "0s" },
  });
}

/** The same digits for the same text, as a commit or a digest has them. */
function digits(text: string, length: 40 | 64): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error("the instant cloud made a name that does not parse");
  return value;
}

/** Everything outside Gantry, in memory and answering at once. It counts what it was asked to do for each release. */
export class InstantCloud {
  readonly builds = new Map<string, number>();
  readonly deploys = new Map<string, number>();
  readonly #traffic = new Map<ServiceKey, Traffic>();
  readonly #images = new Map<RevisionName, string>();
  readonly #snapshots = new Map<string, BuildSnapshot>();
  #bus: Bus | null = null;

  /** Where Cloud Build's messages go. */
  connect(bus: Bus): void {
    this.#bus = bus;
  }

  get ports(): CloudPorts {
    return {
      run: this.#run(),
      build: this.#build(),
      source,
      forge: null,
      probe,
      metrics: fakeMetrics(),
      logs: fakeLogs(),
      images: fakeImages(),
      lookups: null,
    };
  }

  #build(): BuildPort {
    return {
      start: async ({ service, releaseId }) => {
        count(this.builds, releaseId);
        const id = known(parseBuildId(`build-${releaseId}`));
        const digest = known(parseImageDigest(`sha256:${digits(releaseId, 64)}`));
        const image = { name: `us-docker.pkg.dev/${project}/gantry/api`, digest };
        const build = {
          id,
          releaseId,
          service,
          attempt: 1 as const,
          report: null,
          logUrl: "https://example.com/",
          startedAt: 0,
        };
        this.#snapshots.set(id, { ...build, status: "succeeded", image });
        setImmediate(() => void this.#tell(id, releaseId));
        return { outcome: "started", build: { ...build, status: "queued", image: null } };
      },
      get: async ({ id }) => this.#snapshots.get(id) ?? null,
      cancel: async () => undefined,
    };
  }

  async #tell(id: string, releaseId: string): Promise<void> {
    const data = { id, status: "SUCCESS", tags: [`${releaseTagPrefix}${releaseId}`] };
    const attributes = { buildId: id, status: "SUCCESS" };
    await this.#bus?.publish([{ topic: topics.builds, id: null, data, attributes }]);
  }

  #run(): RunPort {
    const urlOf = (service: ServiceKey, tag: string): string =>
      `https://${tag}---${service.slice(service.lastIndexOf("/") + 1)}.example.com`;
    return {
      readService: async (service) => this.#snapshotOf(service),
      readRevision: async ({ revision }) => {
        const imageDigest = this.#images.get(revision) ?? null;
        if (imageDigest === null) return null;
        const ready = { state: "ready", reason: "", message: "" } as const;
        return { revision, imageDigest, labels: {}, createdAt: null, firstStart: null, ready };
      },
      readSettings: async (service) => {
        const snapshot = this.#snapshotOf(service);
        return snapshot === null ? null : settingsReading(snapshot);
      },
      readRevisionSettings: async () => revisionSettings(),
      tryTemplate: async () => ({ outcome: "accepted" }),
      revisions: async () => [],
      deployCandidate: async ({ service, releaseId, image }) => {
        count(this.deploys, releaseId);
        const revision = known(parseRevisionName(`rev-${releaseId}`));
        const tag = candidateTag(releaseId);
        const url = urlOf(service, tag);
        const before = (this.#traffic.get(service) ?? []).filter(({ percent }) => percent > 0);
        const stable = before[0]?.revision ?? null;
        const percent = stable === null ? 100 : 0;
        this.#images.set(revision, image.digest);
        this.#traffic.set(service, [...before, { revision, percent, tag, url }]);
        return { outcome: "ready", candidate: { revision, tag, url, image }, stable };
      },
      setTraffic: async ({ service, target, tags }) => {
        const tagged = tags.map(({ revision, tag }) => ({
          revision,
          percent: 0,
          tag,
          url: urlOf(service, tag),
        }));
        const shares = target.map((share) => ({ ...share, tag: null, url: null }));
        this.#traffic.set(service, [...shares, ...tagged]);
        return { outcome: "effective" };
      },
      setMinInstances: async () => ({ outcome: "set" }),
      removeCandidate: async ({ service }) => {
        const kept = (this.#traffic.get(service) ?? []).filter(({ percent }) => percent > 0);
        this.#traffic.set(
          service,
          kept.map((share) => ({ ...share, tag: null, url: null })),
        );
      },
    };
  }

  #snapshotOf(service: ServiceKey): ServiceSnapshot | null {
    const effective = this.#traffic.get(service);
    if (effective === undefined) return null;
    return {
      service,
      url: "https://example.com",
      desired: effective,
      effective,
      settled: true,
      ready: { state: "ready", message: "" },
      latestReadyRevision: effective.at(-1)?.revision ?? null,
    };
  }
}

const source: SourcePort = {
  resolveTag: async ({ repository, tag }) => known(parseCommitSha(digits(`${repository} ${tag}`, 40))),
  readFile: async ({ repository, path }) => (path === "gantry.yaml" ? configOf(repository) : null),
  listTags: async () => null,
  committedAt: async () => 0,
  isOnBranch: async () => true,
  cloneUrl: (repository) => `https://example.com/${repository}.git`,
};

const probe: ProbePort = {
  request: async () => ({
    kind: "answer",
    status: 200,
    headers: {},
    body: '{"status":"ok"}',
    truncated: false,
    durationMs: 0,
  }),
};

function count(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
