import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ImageStore } from "../images/image-store.ts";
import { BuildEnd, endOf, pause } from "./build-end.ts";
import type { BuildLogs } from "./build-log.ts";
import type { BuildFaults } from "./build-notifier.ts";
import type { BuildRegistry } from "./build-registry.ts";
import {
  type Build,
  type BuiltImage,
  durationMs,
  spanSince,
  type TimeSpan,
  timestamp,
} from "./build-resource.ts";
import { BuildSlots } from "./build-slots.ts";
import { playSteps, type StepsPlayed } from "./build-steps.ts";
import { DockerDaemon } from "./docker-daemon.ts";
import type { FetchSource } from "./git-source.ts";

/** How long each part of a build takes at least, in milliseconds; 0 where nothing is said. */
export type BuildTimings = Readonly<{ queueMs?: number; fetchMs?: number; stepMs?: number; pushMs?: number }>;

export type YardOptions = Readonly<{
  registry: BuildRegistry;
  images: ImageStore;
  logs: BuildLogs;
  faults: BuildFaults;
  fetchSource: FetchSource;
  timings: BuildTimings;
  concurrency: number;
  layers: Set<string>;
  scratchDirectory: string;
  goneDebianPackages: readonly string[];
  log: (line: string) => void;
}>;

const hour = 3600 * 1000;
const endless = 2 ** 31 - 1;

/** Where builds run: one call of `start` takes a build from QUEUED to its end. */
export class BuildYard {
  readonly #options: YardOptions;
  readonly #running = new Map<string, { abort: AbortController; done: Promise<void> }>();
  readonly #slots: BuildSlots;
  #closed = false;

  constructor(options: YardOptions) {
    this.#options = options;
    this.#slots = new BuildSlots(options.concurrency);
  }

  /** Begins, or after a restart begins again, to work on a stored build. */
  start(build: Build): void {
    const abort = new AbortController();
    const done = this.#play(build, abort)
      .catch((error: unknown) => this.#options.log(`build ${build.id} could not be stored: ${String(error)}`))
      .finally(() => this.#running.delete(build.id));
    this.#running.set(build.id, { abort, done });
  }

  /** Ends a build as CANCELLED and waits until its processes are gone. False if it was not running. */
  async cancel(id: string): Promise<boolean> {
    const running = this.#running.get(id);
    running?.abort.abort(new BuildEnd("CANCELLED", "build cancelled"));
    await running?.done;
    return running !== undefined;
  }

  /** Stops all work and leaves the builds as they are stored, as a power cut would. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running.values()];
    for (const { abort } of running)
      abort.abort(new BuildEnd("INTERNAL_ERROR", "the local Cloud Build was stopped"));
    await Promise.all(running.map(({ done }) => done));
  }

  async #play(queued: Build, abort: AbortController): Promise<void> {
    let leave = (): void => undefined;
    try {
      leave = await this.#queue(queued, abort.signal);
      await this.#workInTime(queued, abort);
    } catch (error) {
      await this.#finish({ ...queued, ...this.#endedBy(queued, error) });
    } finally {
      leave();
    }
  }

  async #workInTime(queued: Build, abort: AbortController): Promise<void> {
    const build: Build = {
      ...queued,
      status: "WORKING",
      startTime: queued.startTime ?? timestamp(Date.now()),
    };
    await this.#options.registry.put(build);
    const limit = build.timeout === undefined ? hour : durationMs(build.timeout) || hour;
    const timer = setTimeout(() => abort.abort(new BuildEnd("TIMEOUT", "build exceeded its timeout")), limit);
    try {
      const built = await this.#work(build, abort.signal);
      this.#options.logs.say(build.id, lastWords(built.status, built.statusDetail ?? ""));
      await this.#finish(built);
    } catch (error) {
      await this.#finish({ ...build, ...this.#endedBy(build, error) });
    } finally {
      clearTimeout(timer);
    }
  }

  #endedBy(build: Build, error: unknown): ReturnType<typeof ended> {
    const end = endOf(error);
    this.#options.logs.say(build.id, lastWords(end.status, end.message));
    return ended(end);
  }

  async #finish(build: Build): Promise<void> {
    if (!this.#closed) await this.#options.registry.put({ ...build, finishTime: timestamp(Date.now()) });
  }

  /** Waits until the build may work, at most as long as its `queueTtl`; answers how to leave the others their turn. */
  async #queue(build: Build, signal: AbortSignal): Promise<() => void> {
    const stays = this.#options.faults.take("build-stays-queued") !== null;
    const queueMs = stays ? endless : (this.#options.timings.queueMs ?? 0);
    const ttl = Math.min(build.queueTtl === undefined ? hour : durationMs(build.queueTtl) || hour, endless);
    const expired = new AbortController();
    const end = new BuildEnd("EXPIRED", "build expired while in the queue");
    const timer = setTimeout(() => expired.abort(end), ttl);
    const either = AbortSignal.any([signal, expired.signal]);
    try {
      if (build.status === "QUEUED") await pause(queueMs, either);
      return await this.#slots.take(either);
    } finally {
      clearTimeout(timer);
    }
  }

  async #work(build: Build, signal: AbortSignal): Promise<Build> {
    const { faults, scratchDirectory, images, layers, goneDebianPackages, logs, timings } = this.#options;
    const scratch = join(scratchDirectory, build.id);
    const docker = new DockerDaemon(images, layers, scratch, {
      goneDebianPackages,
      takesBaseImages: () => faults.take("base-image-unavailable") === null,
    });
    const workspace = join(scratch, "workspace");
    try {
      await rm(scratch, { recursive: true, force: true });
      await mkdir(workspace, { recursive: true });
      logs.say(build.id, `starting build "${build.id}"\n`);
      const fetchSource = await this.#fetch(build, workspace, signal);
      if (faults.take("build-never-ends") !== null) await pause(endless, signal);
      logs.say(build.id, "BUILD");
      const start = Date.now();
      const stepMs = timings.stepMs ?? 0;
      if (faults.take("build-is-lost") !== null)
        throw new BuildEnd("INTERNAL_ERROR", "an internal error occurred while the build was running");
      const hangs = faults.take("step-hangs") !== null;
      const played = await playSteps(
        { build, workspace, scratchDirectory: scratch, docker, logs, stepMs, hangs },
        signal,
      );
      if (faults.take("build-fails") !== null) failFirst(played);
      const timing = { ...fetchSource, BUILD: spanSince(start) };
      const built: Build = {
        ...build,
        steps: played.steps,
        timing,
        results: { buildStepOutputs: played.outputs },
      };
      return played.end === null
        ? await this.#push(built, docker, signal)
        : { ...built, ...ended(played.end) };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #fetch(build: Build, workspace: string, signal: AbortSignal): Promise<Record<string, TimeSpan>> {
    if (build.source === undefined) return {};
    const { logs, timings, fetchSource } = this.#options;
    const start = Date.now();
    logs.say(build.id, "FETCHSOURCE");
    await pause(timings.fetchMs ?? 0, signal);
    await fetchSource(build.source, workspace, { say: (line) => logs.say(build.id, line), signal });
    return { FETCHSOURCE: spanSince(start) };
  }

  async #push(build: Build, docker: DockerDaemon, signal: AbortSignal): Promise<Build> {
    const { logs, timings, faults, images } = this.#options;
    const start = Date.now();
    const missing = build.images.filter((name) => docker.digestOf(name) === null);
    if (missing.length > 0) {
      const detail = `failed to find one or more images after execution of build steps: [${missing.map((name) => `"${name}"`).join(" ")}]`;
      return { ...build, ...ended(new BuildEnd("FAILURE", detail, "PUSH_IMAGE_NOT_FOUND")) };
    }
    if (build.images.length > 0) logs.say(build.id, "PUSH");
    const pushed: BuiltImage[] = [];
    for (const name of build.images) {
      await pause(timings.pushMs ?? 0, signal);
      const from = Date.now();
      logs.say(build.id, `Pushing ${name}`);
      const digest = (await docker.push(name, (line) => logs.say(build.id, line))) ?? "";
      pushed.push({ name, digest, pushTiming: spanSince(from) });
    }
    if (faults.take("image-missing-after-success") !== null) await forget(images, pushed);
    const timing = pushed.length === 0 ? {} : { PUSH: spanSince(start) };
    return {
      ...build,
      status: "SUCCESS",
      results: { ...build.results, images: pushed },
      timing: { ...build.timing, ...timing },
    };
  }
}

/** The end of the log, in Cloud Build's words. */
function lastWords(status: Build["status"], detail: string): string {
  if (status === "SUCCESS") return "DONE";
  const head = status === "FAILURE" ? "ERROR" : status;
  return `${head}\nERROR: ${status === "TIMEOUT" ? "context deadline exceeded" : detail}`;
}

function ended(end: BuildEnd): Pick<Build, "status" | "statusDetail" | "failureInfo"> {
  const failureInfo =
    end.failure === null ? {} : { failureInfo: { type: end.failure, detail: failureDetail(end) } };
  return { status: end.status, statusDetail: end.message, ...failureInfo };
}

function failureDetail(end: BuildEnd): string {
  return end.failure === "USER_BUILD_STEP" ? `Build step failure: ${end.message}` : end.message;
}

function failFirst(played: StepsPlayed): void {
  const [first] = played.steps;
  if (first === undefined) return;
  played.steps[0] = { ...first, status: "FAILURE", exitCode: 1 };
  const detail = `build step 0 "${first.name}" failed: step exited with non-zero status: 1`;
  played.end = new BuildEnd("FAILURE", detail, "USER_BUILD_STEP");
}

async function forget(images: ImageStore, pushed: readonly BuiltImage[]): Promise<void> {
  for (const { name, digest } of pushed) {
    await images.remove(name);
    await images.remove(`${name.replace(/:[^/:]*$/, "")}@${digest}`);
  }
}
