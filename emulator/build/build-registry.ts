import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildNotifier } from "./build-notifier.ts";
import { type Build, isFinished } from "./build-resource.ts";

/** All builds by id. With a directory they survive a restart: written before anyone hears of the change. */
export class BuildRegistry {
  readonly #builds = new Map<string, Build>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #directory: string | undefined;
  readonly #notifier: BuildNotifier;
  #last: Promise<void> = Promise.resolve();

  private constructor(directory: string | undefined, notifier: BuildNotifier) {
    this.#directory = directory;
    this.#notifier = notifier;
  }

  /** Opens the registry and reads what an earlier process wrote. */
  static async open(directory: string | undefined, notifier: BuildNotifier): Promise<BuildRegistry> {
    const registry = new BuildRegistry(directory, notifier);
    if (directory === undefined) return registry;
    await mkdir(directory, { recursive: true });
    for (const name of (await readdir(directory)).filter((each) => each.endsWith(".json"))) {
      const build = JSON.parse(await readFile(join(directory, name), "utf8"), reviveBytes) as Build;
      registry.#builds.set(build.id, build);
    }
    return registry;
  }

  get(id: string): Build | null {
    return this.#builds.get(id) ?? null;
  }

  /** Newest first. */
  all(): readonly Build[] {
    const seconds = (build: Build) =>
      Number(build.createTime?.seconds ?? 0) + (build.createTime?.nanos ?? 0) / 1e9;
    return [...this.#builds.values()].reverse().sort((a, b) => seconds(b) - seconds(a));
  }

  /** Stores the build and publishes it if its status is another than before. */
  async put(build: Build): Promise<void> {
    const before = this.#builds.get(build.id)?.status;
    this.#builds.set(build.id, build);
    await this.#write(build);
    if (before !== build.status) this.#notifier.announce(build);
    if (!isFinished(build)) return;
    for (const wake of this.#waiting.get(build.id) ?? []) wake();
    this.#waiting.delete(build.id);
  }

  /** Resolves when the build is finished, or after the time has passed. */
  async finished(id: string, timeoutMs: number): Promise<void> {
    const build = this.#builds.get(id);
    if (build === undefined || isFinished(build)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.set(id, (this.#waiting.get(id) ?? new Set()).add(wake));
    });
  }

  #write(build: Build): Promise<void> {
    const directory = this.#directory;
    if (directory === undefined) return Promise.resolve();
    const write = this.#last.then(async () => {
      const place = join(directory, `${build.id}.json`);
      await writeFile(`${place}.new`, JSON.stringify(build));
      await rename(`${place}.new`, place);
    });
    this.#last = write.catch(() => undefined);
    return write;
  }
}

function reviveBytes(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("type" in value) || !("data" in value)) return value;
  return value.type === "Buffer" && Array.isArray(value.data) ? Buffer.from(value.data) : value;
}
