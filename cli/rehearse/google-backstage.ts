import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type PushSigner, startPushSigner } from "../../emulator/google/push-signer.ts";
import type { LocalCloud } from "../../emulator/local-cloud.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { topics } from "../../shared/ports/bus.ts";
import { connectCloud } from "../runtime/google-cloud.ts";
import { type GoogleEngine, openGoogleEngine } from "../runtime/google-engine.ts";
import { googleNames, readGoogleSettings } from "../runtime/google-settings.ts";
import { addressesOf, localPolicy } from "../runtime/local-gantry.ts";
import { localSlack } from "../runtime/local-slack.ts";
import { secretNames } from "../serve/server-settings.ts";
import { type Backstage, type BackstageOptions, person, type StartCloud } from "./backstage.ts";
import { GantryChild } from "./gantry-child.ts";
import { type GoogleGantry, type GoogleGantryOptions, startGoogleGantry } from "./google-gantry.ts";
import type { GoogleGround } from "./google-ground.ts";
import { type ServeFiles, writeServeFolder } from "./serve-folder.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Stops = (() => Promise<void>)[];

/** Gantry as it runs on Google Cloud, before a local cloud: Google's emulators, each function and the HTTP service a process. */
export async function onGoogle(
  options: BackstageOptions,
  { ground, startCloud }: Readonly<{ ground: GoogleGround; startCloud: StartCloud }>,
): Promise<Backstage> {
  const stops: Stops = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop();
  };
  try {
    return { ...(await build(options, { ground, startCloud, stops })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Building = Readonly<{ ground: GoogleGround; startCloud: StartCloud; stops: Stops }>;

/** Where the local cloud's messages and webhooks go, once there is somebody to take them. */
type Audience = { gantry: GoogleGantry | null; webhook: string | null };

async function build(
  options: BackstageOptions,
  { ground, startCloud, stops }: Building,
): Promise<Omit<Backstage, "close">> {
  const { directory, token, webhookSecret } = options;
  const slack = localSlack(webhookSecret);
  const audience: Audience = { gantry: null, webhook: null };
  const cloud = await startCloud(options, {
    slack: slack.app,
    webhook: () => (audience.webhook === null ? null : { url: audience.webhook, secret: webhookSecret }),
    publish: async ({ attributes, data }) =>
      audience.gantry?.publish(topics.builds, { attributes, data: Buffer.from(data, "base64") }),
  });
  stops.push(cloud.close);
  const signer = await startPushSigner();
  stops.push(signer.close);
  const project = `gantry-${randomBytes(6).toString("hex")}`;
  const env = environment(options, { ground, project, signer, slack });
  const files = serveFiles(cloud, options);
  const serverFile = await writeServeFolder(join(directory, "serve"), cloud, files);
  const told = { cloud, files, stops, env };
  const { child, gantry, url } = await startProcesses(options, {
    ...told,
    functions: {
      ground,
      project,
      env: { ...env, [googleNames.serverFile]: serverFile },
      log: options.log,
      sign: signer.sign,
      ...options.setting.pushes,
      ...(options.setting.instances !== undefined && { instances: options.setting.instances }),
    },
  });
  audience.gantry = gantry;
  audience.webhook = `${url}/hooks/github`;
  slack.listen(url);
  const engine = await engineBeside(options, { cloud, env, stops });
  return {
    cloud,
    webhookSecret,
    signingSecret: slack.app.signingSecret,
    address: () => (child.url === null ? null : { url: child.url, token }),
    deps: engine.deps,
    google: gantry,
    killAndStart: async () => {
      await Promise.all([child.kill(), gantry.stopFunctions()]);
      await Promise.all([child.start(), gantry.startFunctions()]);
    },
  };
}

type Processes = Readonly<{
  cloud: LocalCloud;
  files: ServeFiles;
  stops: Stops;
  env: Env;
  functions: GoogleGantryOptions;
}>;

/** The HTTP service and the functions, all at once. */
async function startProcesses(
  { directory, token, webhookSecret, log }: BackstageOptions,
  { cloud, files, stops, env, functions }: Processes,
): Promise<Readonly<{ child: GantryChild; gantry: GoogleGantry; url: string }>> {
  const program = () => functions.ground.programs.gantry;
  const secrets = { person, token, webhookSecret };
  const child = new GantryChild({ directory, cloud, env, secrets, log, files, program });
  stops.push(() => child.kill());
  const [gantry, url] = await Promise.allSettled([startGoogleGantry(functions), child.start()]);
  if (gantry.status === "fulfilled") stops.push(gantry.value.close);
  if (gantry.status === "rejected") throw gantry.reason;
  if (url.status === "rejected") throw url.reason;
  return { child, gantry: gantry.value, url: url.value };
}

type Around = Readonly<{
  ground: GoogleGround;
  project: string;
  signer: PushSigner;
  slack: ReturnType<typeof localSlack>;
}>;

/** What every process of this installation is told. */
function environment({ env }: BackstageOptions, { ground, project, signer, slack }: Around): Env {
  return {
    ...env,
    NODE_ENV: "production",
    [googleNames.project]: project,
    [googleNames.pubsubEmulator]: ground.pubsub.host,
    [googleNames.firestoreEmulator]: ground.firestore.host,
    [googleNames.pushAccount]: signer.account,
    [googleNames.pushKeys]: signer.keysUrl,
    [secretNames.slackToken]: slack.app.botToken,
    [secretNames.slackSigning]: slack.app.signingSecret,
    [secretNames.github]: env[secretNames.github] || "local-token",
  };
}

/** As in production, but for what a rehearsal has no time to wait for. */
function serveFiles({ slack, git }: LocalCloud, { setting }: BackstageOptions): ServeFiles {
  const { repositories, approvers, people } = localPolicy;
  return {
    settings: {
      engine: "google",
      slack: { teams: [slack.installation.teamId], app: slack.installation.appId, api: slack.apiUrl },
      pollBuilds: "1s",
      sweepFor: "900ms",
      handOverAfter: "3s",
      lookForDrift: "500ms",
      watchWaiting: "500ms",
      ...(setting.lease !== undefined && { lease: setting.lease }),
      ...(setting.findsTags ? { github: findingTags(git.url) } : {}),
      ...setting.server,
    },
    policy: {
      version: 1,
      repositories: repositories.map(({ repository, services }) => ({ repository, services })),
      approvers,
      people,
    },
  };
}

function findingTags(url: string) {
  return { api: url, clone: url, findTags: "1s", webhookWithin: "500ms" };
}

/** An engine in this process, for scenarios that look at the state or call a function themselves. */
async function engineBeside(
  { log, setting }: BackstageOptions,
  { cloud, env, stops }: Readonly<{ cloud: LocalCloud; env: Env; stops: Stops }>,
): Promise<GoogleEngine> {
  const google = readGoogleSettings(env);
  if ("missing" in google) throw new Error(google.missing.join("; "));
  const { disconnect, ...ports } = connectCloud(addressesOf(cloud), systemClock);
  stops.push(disconnect);
  const engine = await openGoogleEngine({
    google,
    cloud: ports,
    chat: null,
    consoleUrl: () => "",
    sourceSite: null,
    policy: localPolicy,
    log: createJsonLog({ write: log }),
    settings: { findTagsEveryMs: setting.findsTags ? 1_000 : null, webhookWithinMs: 500 },
  });
  stops.push(() => engine.close({ graceMs: 0 }));
  return engine;
}
