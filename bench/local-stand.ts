import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { accessToken } from "../cli/runtime/access-token.ts";
import { type LocalGantry, startLocalGantry } from "../cli/runtime/local-gantry.ts";
import { createDemoRepository, type DemoRepository } from "../emulator/git/demo-repository.ts";
import type { GoesBad } from "../emulator/git/demo-versions.ts";
import type { EventOf, EventType } from "../shared/domain/events.ts";
import { parseServiceKey, type ReleaseId, type ServiceKey } from "../shared/domain/ids.ts";
import type { ReleaseRecord } from "../shared/domain/release-record.ts";
import { isEnd } from "../shared/domain/words.ts";

const project = "gantry-bench";
const region = "us-central1";
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const run = promisify(execFile);

/** One service of the local cloud with a repository of its own, from which tags can be pushed. */
export type StandService = Readonly<{ key: ServiceKey; name: string; url: string; demo: DemoRepository }>;

type Recipe = Readonly<{ rollout: object; goesBad?: GoesBad }>;

/** Without a GPU: the region has three, and the bench has more services than that. */
const guardrails = { cpu: 1, memory: "512Mi", concurrency: 8, instances: { min: 0, max: 3 }, timeout: "60s" };

const verify = {
  within: "30s",
  checks: [
    { name: "health", get: "/health", status: 200, within: "3s" },
    { name: "model", get: "/model-info", status: 200, within: "3s" },
    { name: "storage", post: "/api/storage/upload", status: 422, within: "3s" },
  ],
};

/** Gantry and its local cloud as `npm start` brings them up, with services made for measuring. */
export class LocalStand {
  readonly local: LocalGantry;
  readonly #directory: string;

  private constructor(local: LocalGantry, directory: string) {
    this.local = local;
    this.#directory = directory;
  }

  static async start(directory: string): Promise<LocalStand> {
    const local = await startLocalGantry({
      directory,
      log: silent,
      http: {
        host: "127.0.0.1",
        port: 0,
        webhookSecret: "the bench's own webhook secret",
        sessionSecret: null,
        tokens: [accessToken("bench", "the bench's own access token")],
        version: "bench",
      },
      engine: { settings: { pollBuildEveryMs: 5_000, retryMinMs: 100 } },
    });
    return new LocalStand(local, directory);
  }

  /** A new service whose first tag is live when it resolves. */
  async service(number: number, { rollout, goesBad }: Recipe): Promise<StandService> {
    const name = `bench-${number}`;
    const repository = `bench/${name}`;
    const { git, run: cloudRun } = this.local.cloud;
    const demo = await createDemoRepository({
      gitRoot: join(this.#directory, "cloud", "git"),
      cloneDirectory: join(this.#directory, "clones", name),
      remoteUrl: git.cloneUrl(repository),
      repository,
      config: { service: { project, region, name }, guardrails, verify, rollout },
      ...(goesBad ? { goesBad } : {}),
    });
    const key = parseServiceKey(`${project}/${region}/${name}`);
    if (key === null) throw new Error("the bench's service key does not parse");
    const { desk } = this.local.gantry.engine;
    const { releaseId } = await desk.requestRelease({
      requestId: `bench/${name}`,
      repository,
      tag: demo.liveTag,
      commit: null,
      requestedBy: { kind: "system", name: "bench" },
      explicit: true,
    });
    const first = await this.ended(key, releaseId);
    if (first.status !== "live")
      throw new Error(`the first release ended ${first.status}: ${first.failure?.message}`);
    const { url } = (await this.local.gantry.engine.deps.run.readService(key)) ?? {
      url: cloudRun.proxy.host,
    };
    return { key, name, url, demo };
  }

  /** `git push` of one tag, as a person types it. */
  async push({ demo }: StandService, tag: string): Promise<void> {
    await run("git", ["-C", demo.cloneDirectory, "push", "--quiet", "gantry", tag]);
  }

  /** The newest release of the service with this tag; waits until there is one. */
  async releaseOf({ key }: StandService, tag: string): Promise<ReleaseRecord> {
    return this.#until(async () => {
      const found = await this.local.gantry.engine.deps.store.releases({
        service: key,
        limit: 1,
        before: null,
      });
      return found.find((release) => release.tag === tag) ?? null;
    });
  }

  /** The release once it has ended, whichever way. */
  async ended(service: ServiceKey, id: ReleaseId): Promise<ReleaseRecord> {
    return this.#until(async () => {
      const record = await this.local.gantry.engine.deps.store.release(id);
      return record?.service === service && isEnd(record.status) ? record : null;
    });
  }

  async events(id: ReleaseId): Promise<readonly EventOf[]> {
    const stored = await this.local.gantry.engine.deps.store.releaseEvents(id);
    return stored.map(({ event }) => event);
  }

  close(): Promise<void> {
    return this.local.close();
  }

  /** Looks after every commit until there is an answer. */
  #until<T>(look: () => Promise<T | null>): Promise<T> {
    return new Promise((resolve, reject) => {
      const onceMore = (): void => {
        look().then((found) => {
          if (found === null) return;
          stop();
          resolve(found);
        }, reject);
      };
      const stop = this.local.gantry.engine.onCommit?.(onceMore) ?? (() => undefined);
      onceMore();
    });
  }
}

/** When the first event of this type was recorded, in milliseconds since 1970. */
export function momentOf(events: readonly EventOf[], type: EventType): number {
  const found = events.find((event) => event.type === type);
  if (found === undefined) throw new Error(`the release has no ${type}`);
  return found.at;
}
