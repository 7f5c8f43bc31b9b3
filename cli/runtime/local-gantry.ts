import { join } from "node:path";
import type { BuildMessage } from "../../emulator/build/build-message.ts";
import type { WebhookTarget } from "../../emulator/git/webhook-delivery.ts";
import { type LocalCloud, type LocalPorts, startLocalCloud } from "../../emulator/local-cloud.ts";
import type { MonitoringTimings } from "../../emulator/monitoring/start-monitoring.ts";
import type { CloudRunTimings } from "../../emulator/run/timings.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { noLimits, type Policy } from "../../shared/domain/policy.ts";
import { type Bus, topics } from "../../shared/ports/bus.ts";
import type { Log } from "../../shared/ports/system.ts";
import { startGantry } from "./embedded-process.ts";
import type { EngineOptions } from "./engine.ts";
import type { GantryProcess, HttpOptions } from "./gantry-process.ts";
import { type CloudAddresses, connectCloud } from "./google-cloud.ts";
import { localSlack } from "./local-slack.ts";

/** On one's own machine every repository of the local git may release every service. */
export const localPolicy: Policy = {
  repositories: [{ repository: "*/*", services: ["**"], branches: null, accounts: ["**"] }],
  approvers: { "@ml-oncall": ["@ml-oncall", "developer"] },
  people: {
    maya: { github: [], slack: ["U0MAYA000"], google: [] },
    lee: { github: [], slack: ["U0LEE0000"], google: [] },
    robin: { github: ["local"], slack: ["U0ROBIN00"], google: [] }, // pushes of the demo are hers
  },
  limits: noLimits,
  freezes: [],
  images: null,
  prices: [],
  access: { viewers: [], operators: [] },
};

export type LocalGantryOptions = Readonly<{
  directory: string;
  log: Log;
  http: Omit<HttpOptions, "mode" | "publicUrl" | "githubSecrets" | "slack"> &
    Readonly<{ webhookSecret: string }>;
  ports?: LocalPorts;
  timings?: Partial<CloudRunTimings>;
  monitoring?: Partial<MonitoringTimings>;
  /** Chooses which revision answers a request while traffic is split. */
  random?: () => number;
  engine?: Pick<EngineOptions, "settings" | "bus" | "clock" | "tracing" | "meters">;
  policy?: Policy;
}>;

/** Gantry and its local cloud in one process, talking to each other over gRPC and HTTP as in production. */
export type LocalGantry = Readonly<{ cloud: LocalCloud; gantry: GantryProcess; close: () => Promise<void> }>;

/** Publishes Cloud Build's messages once there is a bus to publish to. */
function publisher(): Readonly<{
  publish: (message: BuildMessage) => Promise<void>;
  connect: (bus: Bus) => void;
}> {
  let connect: (bus: Bus) => void = () => undefined;
  const connected = new Promise<Bus>((resolve) => {
    connect = resolve;
  });
  const publish = async ({ attributes, data }: BuildMessage): Promise<void> => {
    const bus = await connected;
    await bus.publish([
      {
        topic: topics.builds,
        id: null,
        data: JSON.parse(Buffer.from(data, "base64").toString("utf8")),
        attributes,
      },
    ]);
  };
  return { publish, connect };
}

/** Where a local cloud's parts answer, as Gantry's clients want to know it. */
export function addressesOf(cloud: LocalCloud): CloudAddresses {
  return {
    run: { ...cloud.run.grpc, insecure: true },
    build: { ...cloud.build.grpc, insecure: true },
    buildAccount: null,
    monitoring: { ...cloud.monitoring.grpc, insecure: true },
    logging: cloud.logging.url,
    registry: cloud.registry.url,
    git: { baseUrl: cloud.git.url, cloneBase: cloud.git.url, token: null, app: null, report: true },
    isLocal: true,
  };
}

/** Starts both. Whatever was started is stopped again when the rest cannot start. */
export async function startLocalGantry(options: LocalGantryOptions): Promise<LocalGantry> {
  const { directory, log, ports, timings, monitoring, random, policy = localPolicy } = options;
  const { webhookSecret, ...http } = options.http;
  const messages = publisher();
  const slack = localSlack(webhookSecret);
  let target: WebhookTarget | null = null;
  const cloud = await startLocalCloud({
    directory: join(directory, "cloud"),
    publish: messages.publish,
    webhook: () => target,
    slack: slack.app,
    ...(ports ? { ports } : {}),
    ...(timings ? { timings } : {}),
    ...(monitoring ? { monitoring } : {}),
    ...(random ? { random } : {}),
  });
  const { disconnect, ...outside } = connectCloud(addressesOf(cloud), systemClock);
  try {
    const { chat, door } = slack.connect(cloud.slack);
    const file = join(directory, "gantry.db");
    const gantry = await startGantry({
      engine: { ...options.engine, file, cloud: outside, chat, sourceSite: null, policy, log },
      http: { ...http, mode: "local", publicUrl: null, githubSecrets: [webhookSecret], slack: door },
    });
    messages.connect(gantry.engine.deps.bus);
    target = { url: `${gantry.server.url}/hooks/github`, secret: webhookSecret };
    slack.listen(gantry.server.url);
    const close = async (): Promise<void> => {
      await gantry.close();
      await disconnect();
      await cloud.close();
    };
    return { cloud, gantry, close };
  } catch (error) {
    await disconnect();
    await cloud.close();
    throw error;
  }
}
