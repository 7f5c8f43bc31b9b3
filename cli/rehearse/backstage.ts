import type { LocalCloud } from "../../emulator/local-cloud.ts";
import type { CloudRunTimings } from "../../emulator/run/timings.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { accessToken } from "../runtime/access-token.ts";
import { startLocalGantry } from "../runtime/local-gantry.ts";
import type { GantryAddress } from "./event-trail.ts";
import type { Setting } from "./scenario.ts";
import { seededChance } from "./seeded-chance.ts";

/** Gantry and its local cloud, wherever Gantry runs. */
export type Backstage = Readonly<{
  cloud: LocalCloud;
  /** Null while Gantry does not run. */
  address: () => GantryAddress | null;
  /** The newest lines of Gantry's log. */
  log: () => readonly string[];
  /** Ends Gantry at once, as a power cut would, and starts it again on the same file. */
  killAndStart: () => Promise<void>;
  close: () => Promise<void>;
}>;

export type BackstageOptions = Readonly<{
  setting: Setting;
  directory: string;
  version: string;
  seed: number | null;
  token: string;
  webhookSecret: string;
}>;

const keptLines = 200;

const timings: Partial<CloudRunTimings> = { reconcileMs: 50, trafficLagMs: 50, shutdownGraceMs: 500 };

/** Who gives commands in a rehearsal. */
const person = "rehearsal";

/** Starts the local cloud and Gantry as the setting says. */
export async function startBackstage(options: BackstageOptions): Promise<Backstage> {
  const { setting, directory, version, seed, token, webhookSecret } = options;
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
  };
  const local = await startLocalGantry({
    directory,
    log: createJsonLog({ write }),
    http: {
      host: "127.0.0.1",
      port: 0,
      webhookSecret,
      sessionSecret: null,
      tokens: [accessToken(person, token)],
      version,
    },
    timings: { ...timings, ...setting.timings },
    random: seed === null ? Math.random : seededChance(seed),
    engine: { settings: { pollBuildEveryMs: 1_000, retryMinMs: 50, retryMaxMs: 1_000, sliceMs: 1_000 } },
  });
  const address = { url: local.gantry.server.url, token };
  return {
    cloud: local.cloud,
    address: () => address,
    log: () => lines,
    killAndStart: () => Promise.reject(new Error("Gantry runs in this process and cannot be killed alone")),
    close: local.close,
  };
}
