import { join } from "node:path";
import type { WebhookTarget } from "../../emulator/git/webhook-delivery.ts";
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from "../../emulator/local-cloud.ts";
import type { CloudRunTimings } from "../../emulator/run/timings.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { accessToken } from "../runtime/access-token.ts";
import { startLocalGantry } from "../runtime/local-gantry.ts";
import { localSlack } from "../runtime/local-slack.ts";
import type { GantryAddress } from "./event-trail.ts";
import { GantryChild } from "./gantry-child.ts";
import { onGoogle } from "./google-backstage.ts";
import type { GoogleGantry } from "./google-gantry.ts";
import type { GoogleGround } from "./google-ground.ts";
import type { Setting } from "./scenario.ts";
import { seededChance } from "./seeded-chance.ts";

/** Gantry and its local cloud, wherever Gantry runs. */
export type Backstage = Readonly<{
  cloud: LocalCloud;
  /** What GitHub signs webhooks with; what belongs to Slack follows from it (`localSlack`). */
  webhookSecret: string;
  /** What the workspace signs clicks with. */
  signingSecret: string;
  /** Null while Gantry does not run. */
  address: () => GantryAddress | null;
  /** What the functions work with; null where Gantry has a process and a file of its own. */
  deps: Deps | null;
  /** Ends Gantry with SIGKILL and starts it again on the same file; null where it has no process of its own. */
  killAndStart: (() => Promise<void>) | null;
  /** The functions' processes and what calls them; without it, Gantry is not on Google's engine. */
  google?: GoogleGantry;
  close: () => Promise<void>;
}>;

export type BackstageOptions = Readonly<{
  setting: Setting;
  directory: string;
  version: string;
  seed: number | null;
  token: string;
  webhookSecret: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Takes each line of Gantry's log. */
  log: (line: string) => void;
  /** Google's emulators and the functions' program; without it, the embedded engine. */
  google?: GoogleGround | null;
}>;

const quick: Partial<CloudRunTimings> = { reconcileMs: 50, trafficLagMs: 50, shutdownGraceMs: 500 };

/** Who gives commands in a rehearsal. */
export const person = "rehearsal";

/** Starts the local cloud and Gantry as the setting says. Whatever was started is stopped again when the rest cannot start. */
export function startBackstage(options: BackstageOptions): Promise<Backstage> {
  const { google } = options;
  if (google) return onGoogle(options, { ground: google, startCloud });
  return options.setting.gantry === "child" ? withChild(options) : inThisProcess(options);
}

function cloudOptions({ setting, seed }: BackstageOptions) {
  return {
    timings: { ...quick, ...setting.timings },
    monitoring: { sampleMs: 200, lagMs: 100 },
    random: seed === null ? Math.random : seededChance(seed),
  };
}

/** Starts the local cloud as the setting says. */
export type StartCloud = typeof startCloud;

function startCloud(
  options: BackstageOptions,
  wiring: Pick<LocalCloudOptions, "publish" | "webhook" | "slack">,
): Promise<LocalCloud> {
  return startLocalCloud({
    ...cloudOptions(options),
    ...wiring,
    directory: join(options.directory, "cloud"),
  });
}

async function inThisProcess(options: BackstageOptions): Promise<Backstage> {
  const { directory, version, token, webhookSecret, log } = options;
  const local = await startLocalGantry({
    ...cloudOptions(options),
    directory,
    log: createJsonLog({ write: log }),
    http: {
      host: "127.0.0.1",
      port: 0,
      webhookSecret,
      sessionSecret: null,
      tokens: [accessToken(person, token)],
      version,
    },
    engine: {
      settings: {
        pollBuildEveryMs: 1_000,
        watchWaitingEveryMs: 500,
        driftEveryMs: 500,
        retryMinMs: 50,
        retryMaxMs: 1_000,
        sliceMs: 1_000,
        ...(options.setting.findsTags ? { findTagsEveryMs: 1_000, webhookWithinMs: 500 } : {}),
      },
    },
  });
  const address = { url: local.gantry.server.url, token };
  return {
    cloud: local.cloud,
    webhookSecret,
    signingSecret: localSlack(webhookSecret).app.signingSecret,
    address: () => address,
    deps: local.gantry.engine.deps,
    killAndStart: null,
    close: local.close,
  };
}

/** Cloud Build's messages do not reach a Gantry elsewhere, as behind a firewall: it asks for its builds. */
async function withChild(options: BackstageOptions): Promise<Backstage> {
  const { directory, token, webhookSecret, env, log, setting } = options;
  const running: { target: WebhookTarget | null } = { target: null };
  const { app } = localSlack(webhookSecret);
  const cloud = await startCloud(options, {
    publish: () => Promise.resolve(),
    webhook: () => running.target,
    slack: app,
  });
  try {
    const child = new GantryChild({
      directory,
      cloud,
      env,
      secrets: { person, token, webhookSecret },
      log,
      ...(setting.server && { files: { settings: setting.server } }),
      ...(setting.program && { program: setting.program }),
    });
    const start = async (): Promise<void> => {
      running.target = { url: `${await child.start()}/hooks/github`, secret: webhookSecret };
    };
    await start();
    return {
      cloud,
      webhookSecret,
      signingSecret: app.signingSecret,
      address: () => (child.url === null ? null : { url: child.url, token }),
      deps: null,
      killAndStart: async () => {
        await child.kill();
        await start();
      },
      close: async () => {
        await child.kill();
        await cloud.close();
      },
    };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}
