import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { slackDefaults } from "../../shared/adapters/slack/slack-api.ts";
import { createSlackChat } from "../../shared/adapters/slack/slack-chat.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { parsePolicy } from "../../shared/config/policy-yaml.ts";
import { type ConfigProblem, formatProblem, type Result } from "../../shared/config/problem.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import type { ChatPort } from "../../shared/ports/chat.ts";
import type { CliIo } from "../cli-io.ts";
import { Complaint, nothingChanged, usageComplaint } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import { type GantryProcess, type HttpOptions, startGantry } from "../runtime/gantry-process.ts";
import { connectCloud, type GitAddress } from "../runtime/google-cloud.ts";
import { type StartAdvice, startOrComplain } from "../runtime/start-complaint.ts";
import { untilStopped } from "../runtime/until-stopped.ts";
import type { ServeOptions } from "../serve.ts";
import {
  parseServerSettings,
  readSecrets,
  type ServerSecrets,
  type ServerSettings,
} from "./server-settings.ts";

const defaultFile = "gantry.server.yaml";

type Server = Readonly<{ folder: string; settings: ServerSettings; secrets: ServerSecrets; policy: Policy }>;

/** Runs Gantry as one process on one file against the clouds that its settings name, until it is told to stop. */
export async function runServe(options: ServeOptions, io: CliIo): Promise<number> {
  const server = await readServer(options, io);
  const { settings } = server;
  const cloud = connectCloud(addressesOf(server), systemClock);
  try {
    const gantry = await startOrComplain(advice, () => start(server, options, { io, cloud }));
    const ready = {
      ready: true,
      url: gantry.server.url,
      webhook: `${gantry.server.url}/hooks/github`,
      database: databaseOf(server, options, io),
    };
    if (options.json) io.stdout.write(`${JSON.stringify(ready)}\n`);
    else
      io.stderr.write(
        `gantry ${io.version} answers at ${ready.url}; state in ${ready.database}; Cloud Build is asked every ${settings.pollBuilds / 1000} s\n`,
      );
    await untilStopped(io.stopping);
    await gantry.close();
    return exitCodes.done;
  } finally {
    await cloud.disconnect();
  }
}

const advice: StartAdvice = {
  otherPort: (port) => `gantry serve --port ${port}`,
  otherState: "gantry serve --db OTHER_FILE",
};

function addressesOf({ settings, secrets }: Server): Parameters<typeof connectCloud>[0] {
  const { endpoints, github } = settings;
  return {
    run: endpoints.run ?? null,
    build: endpoints.build ?? null,
    monitoring: endpoints.monitoring ?? null,
    logging: endpoints.logging ?? null,
    registry: endpoints.registry ?? null,
    git: gitAddressOf(github, secrets),
    isLocal: endpoints.run !== undefined,
  };
}

function gitAddressOf(
  { api, clone, app, report }: ServerSettings["github"],
  { githubToken: token, githubAppKey: privateKey }: ServerSecrets,
): GitAddress {
  const known =
    app === undefined || privateKey === null
      ? null
      : { id: app.id, privateKey, installation: app.installation ?? null };
  const mayReport = token !== null || known !== null;
  return { baseUrl: api, cloneBase: clone, token, app: known, report: report && mayReport };
}

function databaseOf({ folder, settings }: Server, options: ServeOptions, io: CliIo): string {
  return options.db === null ? resolve(folder, settings.database) : resolve(io.cwd, options.db);
}

type Around = Readonly<{ io: CliIo; cloud: ReturnType<typeof connectCloud> }>;

function start(server: Server, options: ServeOptions, { io, cloud }: Around): Promise<GantryProcess> {
  const { settings, secrets, policy } = server;
  const log = createJsonLog({ write: (line) => io.stderr.write(line) });
  const { disconnect: _disconnect, ...ports } = cloud;
  return startGantry({
    engine: {
      file: databaseOf(server, options, io),
      cloud: ports,
      chat: chatOf(server),
      sourceSite: settings.github.clone,
      policy,
      log,
      settings: { pollBuildEveryMs: settings.pollBuilds, findTagsEveryMs: settings.github.findTags },
    },
    http: {
      host: settings.listen.host,
      port: options.port ?? settings.listen.port,
      githubSecrets: secrets.webhookSecrets,
      tokens: secrets.tokens,
      sessionSecret: secrets.sessionSecret,
      people: { iap: settings.people.iap ?? null, signIn: settings.people.signIn ?? null },
      publicUrl: settings.publicUrl ?? null,
      slack: doorOf(server),
      version: io.version,
      mode: "serve",
    },
  });
}

function chatOf({ settings, secrets }: Server): ChatPort | null {
  const { slack } = secrets;
  if (settings.slack === undefined || slack === null) return null;
  return createSlackChat({
    apiUrl: settings.slack.api,
    token: () => slack.token,
    clock: systemClock,
    settings: slackDefaults,
  });
}

function doorOf({ settings, secrets }: Server): HttpOptions["slack"] {
  if (settings.slack === undefined || secrets.slack === null) return null;
  const { teams, app } = settings.slack;
  return { signingSecrets: secrets.slack.signingSecrets, teamIds: teams, appId: app };
}

async function readServer(options: ServeOptions, io: CliIo): Promise<Server> {
  const file = options.config ?? defaultFile;
  const path = resolve(io.cwd, file);
  const settings = taken(parseServerSettings({ text: await text(path, file), file }));
  const folder = dirname(path);
  const policyPath = resolve(folder, settings.policy);
  const policy = taken(parsePolicy({ text: await text(policyPath, settings.policy), file: settings.policy }));
  const secrets = readSecrets(io.env, {
    slack: settings.slack !== undefined,
    githubApp: settings.github.app !== undefined,
  });
  if (!("missing" in secrets)) return { folder, settings, secrets, policy };
  throw usageComplaint({
    happened: "Gantry does not start: the environment lacks what it needs",
    why: secrets.missing.join("\n"),
    next: ["export GANTRY_WEBHOOK_SECRETS=…", "export GANTRY_TOKENS=maya=…"],
  });
}

async function text(path: string, name: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Complaint(
      {
        code: "file-unreadable",
        happened: `${name} cannot be read`,
        traffic: nothingChanged,
        why,
        next: ["gantry serve --config FILE"],
      },
      exitCodes.usage,
    );
  });
}

function taken<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new Complaint({
    code: "config-invalid",
    happened: "Gantry does not start",
    traffic: nothingChanged,
    why: lines(result.problems),
    next: ["gantry validate --policy FILE"],
  });
}

function lines(problems: readonly ConfigProblem[]): string {
  return problems.map(formatProblem).join("\n");
}
