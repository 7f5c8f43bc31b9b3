import { createHash } from "node:crypto";
import type { BuildReport } from "../../shared/domain/build-report.ts";
import {
  type BuildId,
  parseBuildId,
  parseImageDigest,
  type ReleaseId,
  type ServiceKey,
} from "../../shared/domain/ids.ts";
import type { Image } from "../../shared/domain/service-state.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import {
  type BuildPort,
  type BuildRequest,
  type BuildSnapshot,
  releaseTagPrefix,
} from "../../shared/ports/build.ts";
import { type OutgoingMessage, topics } from "../../shared/ports/bus.ts";
import type { SimProcess, Surroundings } from "./sim-process.ts";

type Running = { snapshot: BuildSnapshot; readonly releaseId: ReleaseId; readonly isBroken: boolean };

type Fate = "ends" | "is lost" | "fails";

/** Cloud Build: builds that take their time, end well or badly, and are told of on `cloud-builds`. */
export class SimCloudBuild {
  readonly #world: Surroundings;
  readonly #builds = new Map<string, Running>();
  readonly #tell: (message: OutgoingMessage) => void;
  readonly #isBroken: (commit: string) => boolean;
  readonly #buildMs: number | null;

  constructor(
    world: Surroundings,
    params: Readonly<{
      tell: (message: OutgoingMessage) => void;
      isBroken: (commit: string) => boolean;
      buildMs?: number | null; // null or absent: it differs
    }>,
  ) {
    this.#world = world;
    this.#buildMs = params.buildMs ?? null;
    this.#tell = params.tell;
    this.#isBroken = params.isBroken;
  }

  /** How many builds were ever created for each attempt of a release. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { releaseId, snapshot } of this.#builds.values()) {
      const attempt = `${releaseId}, attempt ${snapshot.attempt}`;
      counts.set(attempt, (counts.get(attempt) ?? 0) + 1);
    }
    return counts;
  }

  /** Second builds whose first was not lost by the platform. */
  needless(): readonly ReleaseId[] {
    const builds = [...this.#builds.values()];
    const isLost = ({ snapshot }: Running) => snapshot.report?.state === "internal-error";
    const seconds = builds.filter(({ snapshot }) => snapshot.attempt === 2);
    return seconds
      .filter(
        (second) =>
          !builds.some((each) => each.releaseId === second.releaseId && each !== second && isLost(each)),
      )
      .map(({ releaseId }) => releaseId);
  }

  /** The builds that still run. */
  unfinished(): readonly ReleaseId[] {
    return [...this.#builds.values()].filter(isRunning).map(({ releaseId }) => releaseId);
  }

  port(process: SimProcess): BuildPort {
    const send = <T>(effect: () => T): Promise<T> => {
      const { callFails, replyLost, callSlow } = this.#world.faults;
      return process.call({
        effect,
        lost: unavailable,
        fails: callFails,
        replyLost,
        slow: callSlow,
        slowOnlyBack: true,
      });
    };
    return {
      start: async (request) => {
        const known = await send(() => this.#ofRequest(request));
        return { outcome: "started", build: known ?? (await send(() => this.#create(request))) };
      },
      get: ({ id }) => send(() => this.#builds.get(id)?.snapshot ?? null),
      cancel: ({ releaseId }) => send(() => this.#cancel(releaseId)),
    };
  }

  #ofRequest({ releaseId, attempt }: BuildRequest): BuildSnapshot | null {
    const snapshots = [...this.#builds.values()].map(({ snapshot }) => snapshot);
    return snapshots.find((build) => build.releaseId === releaseId && build.attempt === attempt) ?? null;
  }

  #create(request: BuildRequest): BuildSnapshot {
    const { time, random } = this.#world;
    const { releaseId, service, commit } = request;
    const id = buildId(`build-${this.#builds.size + 1}`);
    const snapshot: BuildSnapshot = {
      id,
      releaseId,
      service,
      status: "queued",
      image: null,
      attempt: request.attempt,
      report: null,
      logUrl: `https://builds.sim.test/${id}`,
      startedAt: null,
    };
    const build = { snapshot, releaseId, isBroken: this.#isBroken(commit) };
    this.#builds.set(id, build);
    this.#notify(build);
    time.after(random.int(500, 3_000), () => this.#go(build, { status: "working", startedAt: time.now() }));
    const drawnMs = random.int(3_500, 40_000);
    time.after(this.#buildMs ?? drawnMs, () => this.#end(build, service, commit));
    return snapshot;
  }

  #end(build: Running, service: ServiceKey, commit: string): void {
    const fate = this.#fateOf(build);
    if (fate !== "ends") this.#go(build, { status: "failed", report: reportOf(fate) });
    else this.#go(build, { status: "succeeded", image: imageOf(service, commit) });
  }

  #fateOf({ isBroken }: Running): Fate {
    const { random, faults } = this.#world;
    if (faults.buildLost > 0 && random.chance(faults.buildLost)) return "is lost";
    return isBroken ? "fails" : "ends";
  }

  #go(build: Running, changes: Partial<BuildSnapshot>): void {
    if (!isRunning(build)) return;
    build.snapshot = { ...build.snapshot, ...changes };
    this.#notify(build);
  }

  #cancel(releaseId: ReleaseId): void {
    for (const build of this.#builds.values())
      if (build.releaseId === releaseId)
        this.#go(build, { status: "cancelled", report: { ...reportOf("fails"), state: "cancelled" } });
  }

  #notify({ snapshot, releaseId }: Running): void {
    const { id, status } = snapshot;
    const data = { id, status: status.toUpperCase(), tags: [`${releaseTagPrefix}${releaseId}`] };
    this.#tell({ topic: topics.builds, id: null, data, attributes: { buildId: id, status: data.status } });
  }
}

function reportOf(fate: Exclude<Fate, "ends">): BuildReport {
  return {
    state: fate === "is lost" ? "internal-error" : "failed",
    failureType: fate === "is lost" ? null : "user-build-step",
    detail: fate === "is lost" ? "the worker was lost" : "step 0 failed",
    steps: [],
    timeoutMs: null,
    serviceAccount: null,
  };
}

function isRunning({ snapshot }: Running): boolean {
  return snapshot.status === "queued" || snapshot.status === "working";
}

function buildId(text: string): BuildId {
  const id = parseBuildId(text);
  if (id === null) throw new Error(text);
  return id;
}

/** The same commit makes the same image, so that a quarantine means something. */
export function imageOf(service: ServiceKey, commit: string): Image {
  const digest = parseImageDigest(
    `sha256:${createHash("sha256")
      .update(service + commit)
      .digest("hex")}`,
  );
  if (digest === null) throw new Error(commit);
  return { name: `europe-docker.pkg.dev/sim/${commit.slice(0, 12)}`, digest };
}

function unavailable(): AppError {
  return new AppError({ code: "build-unavailable", message: "14 UNAVAILABLE (simulated)", transient: true });
}
