import { createTracing } from "../../shared/adapters/system/step-tracing.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import type { Bus } from "../../shared/ports/bus.ts";
import type { Conversations } from "../../shared/ports/conversations.ts";
import type { Freezes } from "../../shared/ports/freezes.ts";
import { silentMeters } from "../../shared/ports/meters.ts";
import type { Notes } from "../../shared/ports/notes.ts";
import type { Store } from "../../shared/ports/store.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { RunningWork } from "../../shared/usecases/running-work.ts";
import { fakeLogs, fakeMetrics } from "../support/watched-cloud.ts";
import type { SimCloudBuild } from "./sim-build.ts";
import type { SimCloudRun } from "./sim-cloud-run.ts";
import { simProbe } from "./sim-probe.ts";
import type { SimProcess, Surroundings } from "./sim-process.ts";
import type { SimRegistry } from "./sim-registry.ts";
import { simRun } from "./sim-run.ts";
import type { SimGit } from "./sim-source.ts";

/** What all processes of Gantry share, but for the store. */
export type OutsideGantry = Readonly<{
  world: Surroundings;
  conversations: Conversations;
  freezes: Freezes;
  notes: Notes;
  run: SimCloudRun;
  build: SimCloudBuild;
  git: SimGit;
  registry: SimRegistry;
  policy: Policy;
}>;

type Own = Readonly<{ process: SimProcess; store: Store; bus: Bus; onCommit: () => void }>;

/** What one process of Gantry's works with, before the simulated world. */
export function simDeps(outside: OutsideGantry, { process, store, bus, onCommit }: Own): Deps {
  const { world, run, build, git, registry, policy, conversations, freezes, notes } = outside;
  return {
    store,
    conversations,
    freezes,
    notes,
    bus,
    run: simRun({ cloud: run, process, world }),
    build: build.port(process),
    source: git.port(process),
    probe: simProbe({ cloud: run, process, world }),
    metrics: fakeMetrics(),
    logs: fakeLogs(),
    images: registry.port(process),
    lookups: null,
    chat: null,
    forge: null,
    consoleUrl: () => "https://gantry.test",
    sourceSite: null,
    clock: process.clock,
    ids: { short: () => String(world.random.int(10_000_000, 99_999_999)) },
    log: { info: ignore, warn: ignore, error: ignore },
    tracing: createTracing(null),
    meters: silentMeters,
    policy,
    settings: {
      owner: process.name,
      leaseMs: 30_000,
      invocationMs: 45_000,
      maxAttempts: 5,
      retryMinMs: 250,
      retryMaxMs: 15_000,
      pollBuildEveryMs: 30_000,
      pollBuildUpToMs: null,
      sliceMs: 15_000,
      watchWaitingEveryMs: 60_000,
      driftEveryMs: 60_000,
      findTagsEveryMs: null,
      webhookWithinMs: 60_000,
      deployDeadlineMs: 120_000,
      trafficDeadlineMs: 60_000,
      buildFile: { name: "cloudbuild.yaml", text: "steps: []" },
    },
    running: new RunningWork(),
    onCommit,
  };
}

function ignore(): void {}
