import { readFile } from "node:fs/promises";
import { randomIds } from "../../shared/adapters/system/random-ids.ts";
import type { Settings } from "../../shared/usecases/deps.ts";
import { packageFile } from "./package-root.ts";

/** What one process uses unless told otherwise. */
export async function defaultSettings(): Promise<Settings> {
  const name = "cloudbuild-nocache.yaml";
  return {
    owner: `${process.pid}-${randomIds.short()}`,
    leaseMs: 30_000,
    invocationMs: null,
    maxAttempts: 5,
    retryMinMs: 250,
    retryMaxMs: 15_000,
    pollBuildEveryMs: 30_000,
    pollBuildUpToMs: null,
    sliceMs: 30_000,
    watchWaitingEveryMs: 5 * 60_000,
    driftEveryMs: 5 * 60_000,
    findTagsEveryMs: 5 * 60_000,
    webhookWithinMs: 60_000,
    deployDeadlineMs: 10 * 60_000,
    trafficDeadlineMs: 3 * 60_000,
    buildFile: { name, text: await readFile(packageFile(name), "utf8") },
  };
}
