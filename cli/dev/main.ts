import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  createDemoRepository,
  type DemoRepository,
  demoRepositoryName,
} from "../../emulator/git/demo-repository.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { parseServiceKey } from "../../shared/domain/ids.ts";
import type { Tracing } from "../../shared/ports/tracing.ts";
import type { CliIo } from "../cli-io.ts";
import { type DevOptions, defaultState } from "../dev.ts";
import { accessToken } from "../runtime/access-token.ts";
import { fileSink } from "../runtime/file-sink.ts";
import { type LocalGantry, startLocalGantry } from "../runtime/local-gantry.ts";
import { type StartAdvice, startOrComplain } from "../runtime/start-complaint.ts";
import { tracingOf } from "../runtime/telemetry.ts";
import { untilStopped } from "../runtime/until-stopped.ts";
import { type DevSecrets, devSecrets } from "./dev-secrets.ts";
import { type DevAddresses, greeting } from "./greeting.ts";
import { followReleases } from "./release-lines.ts";
import { takeStateFolder } from "./state-folder.ts";

const demoService = parseServiceKey("perkieprints-processing/us-central1/inspirenet-bg-removal-api");

/** The ports of the parts, counted from the console's. */
const portOffsets = { slack: 10, git: 20, proxy: 30, buildLogs: 31, logging: 32, registry: 33 } as const;

/** Brings up Gantry and its local cloud, says where everything is, and runs until it is told to stop. */
export async function runDev(options: DevOptions, io: CliIo): Promise<number> {
  const startedAt = io.clock.now();
  const directory = resolve(io.cwd, options.state);
  const { ownership, secrets, sink, local, traces } = await startOrComplain(adviceFor(options), () =>
    begin(options, directory, io),
  );
  try {
    const demo = await createDemoRepository({
      gitRoot: join(directory, "cloud", "git"),
      cloneDirectory: join(directory, "demo"),
      remoteUrl: local.cloud.git.cloneUrl(demoRepositoryName),
    });
    const addresses = addressesOf(local, { secrets, demo, directory });
    await writeFile(
      join(directory, "dev.json"),
      JSON.stringify({ url: addresses.console, token: secrets.token }),
      { mode: 0o600 },
    );
    greeting({ io, addresses, json: options.json === true, readyMs: io.clock.now() - startedAt });
    const follower = followReleases({ engine: local.gantry.engine, io, quiet: options.json === true });
    await releaseFirst(local, demo);
    await untilStopped(io.stopping);
    follower.stop();
    return 0;
  } finally {
    await rm(join(directory, "dev.json"), { force: true });
    await local.close();
    await traces.close();
    await sink.close();
    ownership.release();
  }
}

function adviceFor({ state }: DevOptions): StartAdvice {
  const here = state === defaultState ? "" : ` --state ${state}`;
  return {
    otherPort: (port) => `gantry dev --port ${port}${here}`,
    otherState: "gantry dev --state OTHER_FOLDER --port 4700",
  };
}

/** Everything that runs; whatever was taken is given back when the rest cannot start. */
async function begin({ fresh, port }: DevOptions, directory: string, io: CliIo) {
  const ownership = await takeStateFolder({ directory, fresh, now: io.clock.now() });
  try {
    const secrets = await devSecrets(directory);
    const sink = await fileSink(join(directory, "gantry.log"));
    const traces = await tracingOf(io.env, { version: io.version, settlesAtOnce: false });
    const { tracing } = traces;
    const local = await start(directory, secrets, port, { io, log: createJsonLog(sink), tracing });
    return { ownership, secrets, sink, local, traces };
  } catch (error) {
    ownership.release();
    throw error;
  }
}

type Around = Readonly<{ io: CliIo; log: ReturnType<typeof createJsonLog>; tracing: Tracing }>;

function start(
  directory: string,
  secrets: DevSecrets,
  port: number,
  { io, log, tracing }: Around,
): Promise<LocalGantry> {
  const from = (offset: number): number => (port === 0 ? 0 : port + offset);
  const { token, webhookSecret, sessionSecret } = secrets;
  return startLocalGantry({
    directory,
    log,
    ports: {
      git: from(portOffsets.git),
      proxy: from(portOffsets.proxy),
      buildLogs: from(portOffsets.buildLogs),
      logging: from(portOffsets.logging),
      registry: from(portOffsets.registry),
      slack: from(portOffsets.slack),
    },
    http: {
      host: "127.0.0.1",
      port,
      repositories: [demoRepositoryName],
      webhookSecret,
      sessionSecret,
      tokens: [accessToken("developer", token)],
      version: io.version,
    },
    engine: { tracing, settings: { pollBuildEveryMs: 5_000, retryMinMs: 100 } },
  });
}

type Known = Readonly<{ secrets: DevSecrets; demo: DemoRepository; directory: string }>;

function addressesOf({ cloud, gantry }: LocalGantry, { secrets, demo, directory }: Known): DevAddresses {
  const { proxy, grpc } = cloud.run;
  return {
    console: gantry.server.url,
    signIn: `${gantry.server.url}/login?token=${secrets.token}`,
    api: `${gantry.server.url}/api/v1`,
    token: secrets.token,
    git: cloud.git.cloneUrl(demo.repository),
    clone: demo.cloneDirectory,
    proxy: `http://${proxy.host}:${proxy.port}`,
    run: `${grpc.host}:${grpc.port}`,
    build: `${cloud.build.grpc.host}:${cloud.build.grpc.port}`,
    buildLogs: `http://${cloud.build.http.host}:${cloud.build.http.port}`,
    monitoring: `${cloud.monitoring.grpc.host}:${cloud.monitoring.grpc.port}`,
    logging: cloud.logging.url,
    registry: cloud.registry.url,
    slack: cloud.slack.url,
    slackApi: cloud.slack.apiUrl,
    webhook: `${gantry.server.url}/hooks/github`,
    webhookSecret: secrets.webhookSecret,
    state: directory,
    tags: demo.tags,
    liveTag: demo.liveTag,
  };
}

/** The first start releases the demo's first tag, so that there is something for a second one to take over from. */
async function releaseFirst({ gantry }: LocalGantry, { repository, liveTag }: DemoRepository): Promise<void> {
  const { deps, desk } = gantry.engine;
  const known = await deps.store.releases({ service: demoService, limit: 1, before: null });
  if (known.length > 0) return;
  await desk.requestRelease({
    requestId: "dev/first",
    repository,
    tag: liveTag,
    commit: null,
    requestedBy: { kind: "system", name: "gantry dev" },
    explicit: true,
  });
}
