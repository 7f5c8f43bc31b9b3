import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { Stage } from "../../cli/rehearse/stage.ts";
import { accessToken } from "../../cli/runtime/access-token.ts";
import { connectCloud } from "../../cli/runtime/google-cloud.ts";
import { addressesOf, startLocalGantry } from "../../cli/runtime/local-gantry.ts";
import { localSlack } from "../../cli/runtime/local-slack.ts";
import { createDemoRepository } from "../../emulator/git/demo-repository.ts";
import { git } from "../../emulator/git/git-command.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { parseServiceKey } from "../../shared/domain/ids.ts";
import { MovableClock } from "./movable-clock.ts";

const repository = "perkie/background-removal";

/** Long enough on each step for somebody to look and click, quick where nobody has to. */
const config = {
  verify: {
    within: "15s",
    checks: [
      { name: "health", get: "/health", status: 200, within: "2s" },
      { name: "storage", post: "/api/storage/upload", status: 422, within: "2s" },
    ],
  },
  rollout: {
    steps: [{ traffic: "20%", hold: "10m" }, { traffic: "100%" }],
    watch: { every: "1s", errors: { max: "1%" } },
    bake: "30s",
    onFailure: "rollback",
  },
};

/** Gantry, the local cloud and the local Slack as `npm start` has them, with v1.0.0 live and a clone to push from. */
export type DeskStage = Readonly<{
  stage: Stage;
  clock: MovableClock;
  /** Makes a tag of the clone like another one but for a line of its code, and these changes of its `gantry.yaml`. */
  tagLike(from: string, tag: string, changes?: Readonly<Record<string, object>>): Promise<void>;
  close(): Promise<void>;
}>;

export async function openDeskStage(): Promise<DeskStage> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-desk-"));
  const clock = new MovableClock();
  const [token, webhookSecret] = [randomBytes(18).toString("hex"), randomBytes(18).toString("hex")];
  const log = createJsonLog({
    write: (line) => (process.env["GANTRY_TEST_LOG"] ? process.stderr.write(`${line}\n`) : undefined),
  });
  const local = await startLocalGantry({
    directory,
    log,
    timings: { reconcileMs: 50, trafficLagMs: 50, shutdownGraceMs: 500 },
    http: {
      host: "127.0.0.1",
      port: 0,
      webhookSecret,
      sessionSecret: null,
      tokens: [accessToken("developer", token)],
      version: "0.0.0",
    },
    engine: {
      clock,
      settings: { pollBuildEveryMs: 1_000, retryMinMs: 50, retryMaxMs: 1_000, sliceMs: 1_000 },
    },
  });
  const cloneDirectory = join(directory, "demo");
  const demo = await createDemoRepository({
    gitRoot: join(directory, "cloud", "git"),
    cloneDirectory,
    remoteUrl: local.cloud.git.cloneUrl(repository),
    config,
    goesBad: { afterSeconds: 600, afterRequests: 3 },
  });
  const { disconnect, ...cloud } = connectCloud(addressesOf(local.cloud), systemClock);
  const service = parseServiceKey("perkieprints-processing/us-central1/inspirenet-bg-removal-api");
  if (service === null) throw new Error("the demo's service has no key");
  const over = new AbortController();
  const address = { url: local.gantry.server.url, token };
  const { signingSecret } = localSlack(webhookSecret).app;
  const backstage = {
    cloud: local.cloud,
    webhookSecret,
    signingSecret,
    address: () => address,
    deps: local.gantry.engine.deps,
    killAndStart: null,
    close: local.close,
  };
  const stage = new Stage({
    gantry: backstage,
    demo,
    directory,
    run: cloud.run,
    service,
    signal: over.signal,
  });
  const following = stage.trail.follow();
  return {
    stage,
    clock,
    tagLike: (from, tag, changes = {}) => tagLike(cloneDirectory, { from, tag, changes }),
    close: async () => {
      await stage.traffic.stop();
      await stage.visitors.leave();
      over.abort(new Error("the test is over"));
      await following;
      await local.close();
      await disconnect();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

type Likeness = Readonly<{ from: string; tag: string; changes: Readonly<Record<string, object>> }>;

async function tagLike(clone: string, { from, tag, changes }: Likeness): Promise<void> {
  await git(clone, "checkout", "--quiet", "--detach", from);
  const file = join(clone, "gantry.yaml");
  const config = parseDocument(await readFile(file, "utf8"));
  for (const [section, value] of Object.entries(changes)) config.set(section, value);
  await writeFile(file, config.toString());
  const code = join(clone, "backend", "inspirenet-api", "server.mjs");
  await writeFile(code, `${await readFile(code, "utf8")}// ${tag}\n`);
  await git(clone, "commit", "--quiet", "--all", "--message", `Make ${tag} of ${from}`);
  await git(clone, "tag", tag);
}
