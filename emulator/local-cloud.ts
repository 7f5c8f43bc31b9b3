import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BuildMessage } from "./build/build-message.ts";
import { faultRoutes } from "./build/fault-switches.ts";
import { type CloudBuildServer, startCloudBuild } from "./build/start-cloud-build.ts";
import { type GitServer, startGit } from "./git/start-git.ts";
import type { WebhookTarget } from "./git/webhook-delivery.ts";
import { openImageStore } from "./images/image-store.ts";
import { type Registry, startRegistry } from "./images/start-registry.ts";
import { type Logging, startLogging } from "./logging/start-logging.ts";
import { sampledRevision } from "./monitoring/measured-run.ts";
import { type Monitoring, type MonitoringTimings, startMonitoring } from "./monitoring/start-monitoring.ts";
import { type CloudRun, startCloudRun } from "./run/cloud-run.ts";
import type { CloudRunTimings } from "./run/timings.ts";
import type { SlackTargets } from "./slack/app-delivery.ts";
import { type Slack, startSlack } from "./slack/start-slack.ts";

export type LocalCloudOptions = Readonly<{
  /** Everything of the local cloud lives below this folder and outlives a restart. */
  directory: string;
  /** Receives what Cloud Build publishes to `cloud-builds`. */
  publish: (message: BuildMessage) => Promise<void>;
  /** Where pushes are told to; null while nobody listens. */
  webhook: () => WebhookTarget | null;
  /** The workspace's app: what signs its payloads, what it posts with, and where it listens. */
  slack: Readonly<{ signingSecret: string; botToken: string; targets: () => SlackTargets | null }>;
  ports?: LocalPorts;
  timings?: Partial<CloudRunTimings>;
  /** How quickly what runs is measured, and can be read. */
  monitoring?: Partial<MonitoringTimings>;
  /** Chooses among revisions by weight; for runs that need the same choices again. */
  random?: () => number;
  log?: (line: string) => void;
}>;

/** Ports that are named; the rest are free ones. */
export type LocalPorts = Readonly<{
  git?: number;
  proxy?: number;
  buildLogs?: number;
  logging?: number;
  registry?: number;
  slack?: number;
}>;

/** Cloud Run, Cloud Build, Cloud Monitoring, Cloud Logging, an image registry, a git host and a Slack workspace on this machine. */
export type LocalCloud = Readonly<{
  run: CloudRun;
  build: CloudBuildServer;
  monitoring: Monitoring;
  logging: Logging;
  registry: Registry;
  git: GitServer;
  slack: Slack;
  close: () => Promise<void>;
}>;

/** Starts all of it, each part on a free port unless one is named. Whatever was started is stopped again when one cannot. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { directory, ports = {}, log = () => undefined, timings = {}, random = Math.random } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const images = await openImageStore(join(directory, "images"));
  const stops: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop();
  };
  const started = async <Part extends { close(): Promise<void> }>(part: Promise<Part>): Promise<Part> => {
    const running = await part;
    stops.push(() => running.close());
    return running;
  };
  try {
    const run = await started(
      startCloudRun({
        images,
        proxyPort: ports.proxy ?? 0,
        stateDirectory: join(directory, "run"),
        timings,
        random,
        log,
      }),
    );
    const git = await started(
      startGit({ root: join(directory, "git"), port: ports.git ?? 0, webhook: options.webhook }),
    );
    const build = await started(
      startCloudBuild({
        images,
        publish: options.publish,
        connected: (repository) => git.connectedUrl(repository),
        httpPort: ports.buildLogs ?? 0,
        stateDirectory: join(directory, "build"),
        log,
      }),
    );
    const registry = await started(startRegistry({ images, port: ports.registry ?? 0 }));
    const { monitoring, logging } = await startWatching({ run, build, options, started });
    const slack = await started(
      startSlack({ ...options.slack, port: ports.slack ?? 0, stateDirectory: join(directory, "slack"), log }),
    );
    return { run, build, monitoring, logging, registry, git, slack, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Starting = Readonly<{
  run: CloudRun;
  build: CloudBuildServer;
  options: LocalCloudOptions;
  started: <Part extends { close(): Promise<void> }>(part: Promise<Part>) => Promise<Part>;
}>;

/** What measures and logs the others. */
async function startWatching({
  run,
  build,
  options,
  started,
}: Starting): Promise<Pick<LocalCloud, "monitoring" | "logging">> {
  const measured = {
    revisions: () => run.activity().map(sampledRevision),
    onRequest: run.onRequest,
  };
  const monitoring = await started(startMonitoring({ run: measured, timings: options.monitoring ?? {} }));
  const sources = { run, build: build.loggedBuild };
  const others = { monitoring: faultRoutes(monitoring.faults) };
  const logging = await started(startLogging({ sources, others, port: options.ports?.logging ?? 0 }));
  return { monitoring, logging };
}
