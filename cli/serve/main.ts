import { resolve } from "node:path";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { Tracing } from "../../shared/ports/tracing.ts";
import type { CliIo } from "../cli-io.ts";
import { usageComplaint } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import { type Engine, startEngine } from "../runtime/engine.ts";
import {
  type GantryProcess,
  type GivenToEngine,
  type HttpOptions,
  startProcess,
} from "../runtime/gantry-process.ts";
import { connectCloud } from "../runtime/google-cloud.ts";
import { googleDoor } from "../runtime/google-door.ts";
import { openGoogleEngine } from "../runtime/google-engine.ts";
import {
  type GoogleSettings,
  googleNames,
  readGoogleSettings,
  readPushIdentity,
} from "../runtime/google-settings.ts";
import { pushTrust } from "../runtime/push-trust.ts";
import { type StartAdvice, startOrComplain } from "../runtime/start-complaint.ts";
import { traceProject, tracingOf } from "../runtime/telemetry.ts";
import { untilStopped } from "../runtime/until-stopped.ts";
import type { ServeOptions } from "../serve.ts";
import { readServerFiles, type ServerFiles } from "./server-files.ts";
import { addressesOf, chatOf, listenOf, paceOf, sweepPaceOf } from "./server-parts.ts";
import { readSecrets, type ServerSecrets } from "./server-settings.ts";

const defaultFile = "gantry.server.yaml";

type Server = ServerFiles & Readonly<{ secrets: ServerSecrets; google: GoogleSettings | null }>; // null = embedded

/** Runs Gantry's HTTP with its engine against the clouds that its settings name, until it is told to stop. */
export async function runServe(options: ServeOptions, io: CliIo): Promise<number> {
  const server = await readServer(options, io);
  const { settings } = server;
  const cloud = connectCloud(addressesOf(settings, server.secrets), systemClock);
  const traces = await tracingOf(io.env, { version: io.version, settlesAtOnce: server.google !== null });
  try {
    const around = { io, cloud, tracing: traces.tracing };
    const gantry = await startOrComplain(advice, () => start(server, options, around));
    const { url } = gantry.server;
    const ready = {
      ready: true,
      url,
      webhook: `${url}/hooks/github`,
      database: stateOf(server, options, io),
    };
    if (options.json) io.stdout.write(`${JSON.stringify(ready)}\n`);
    else
      io.stderr.write(
        `gantry ${io.version} answers at ${url}; state in ${ready.database}; Cloud Build is asked every ${settings.pollBuilds / 1000} s\n`,
      );
    await untilStopped(io.stopping);
    await gantry.close();
    return exitCodes.done;
  } finally {
    await cloud.disconnect();
    await traces.close();
  }
}

const advice: StartAdvice = {
  otherPort: (port) => `gantry serve --port ${port}`,
  otherState: "gantry serve --db OTHER_FILE",
};

/** Where the state is, for a person to read. */
function stateOf(server: Server, options: ServeOptions, io: CliIo): string {
  const { google } = server;
  return google === null
    ? databaseOf(server, options, io)
    : `firestore://${google.project}/${google.database}`;
}

function databaseOf({ folder, settings }: Server, options: ServeOptions, io: CliIo): string {
  return options.db === null ? resolve(folder, settings.database) : resolve(io.cwd, options.db);
}

type Around = Readonly<{ io: CliIo; cloud: ReturnType<typeof connectCloud>; tracing: Tracing }>;

function start(server: Server, options: ServeOptions, around: Around): Promise<GantryProcess> {
  const { settings, secrets, google } = server;
  const { io } = around;
  return startProcess({
    open: (given) => openEngine({ server, options, around, given }),
    http: {
      ...listenOf(settings, { port: options.port, env: google === null ? {} : io.env }),
      githubSecrets: secrets.webhookSecrets,
      tokens: secrets.tokens,
      sessionSecret: secrets.sessionSecret,
      people: { iap: settings.people.iap ?? null, signIn: settings.people.signIn ?? null },
      publicUrl: google?.publicUrl ?? settings.publicUrl ?? null,
      slack: doorOf(server),
      version: io.version,
      mode: "serve",
    },
  });
}

type Opening = Readonly<{
  server: Server;
  options: ServeOptions;
  around: Around;
  given: GivenToEngine;
}>;

async function openEngine({ server, options, around, given }: Opening): Promise<Engine> {
  const { settings, secrets, policy, google } = server;
  const { io, cloud, tracing } = around;
  const { disconnect: _disconnect, ...ports } = cloud;
  const usual = {
    cloud: ports,
    chat: chatOf(settings, secrets.slack?.token ?? null),
    ...given,
    sourceSite: settings.github.clone,
    policy,
    log: createJsonLog({ write: (line) => io.stderr.write(line) }, traceProject(io.env)),
    tracing,
    settings: paceOf(settings),
  };
  if (google === null) {
    const push = readPushIdentity(io.env, false);
    const trust = push && pushTrust({ push, isEmulated: false }, systemClock);
    return startEngine({ ...usual, file: databaseOf(server, options, io), ...(trust && { trust }) });
  }
  const engine = await openGoogleEngine({ ...usual, google });
  const trust = pushTrust({ push: google.push, isEmulated: google.emulators.pubsub !== null }, systemClock);
  return { ...engine, pushes: googleDoor(engine, { trust, pace: sweepPaceOf(settings) }) };
}

function doorOf({ settings, secrets }: Server): HttpOptions["slack"] {
  if (settings.slack === undefined || secrets.slack === null) return null;
  const { teams, app } = settings.slack;
  return { signingSecrets: secrets.slack.signingSecrets, teamIds: teams, appId: app };
}

async function readServer(options: ServeOptions, io: CliIo): Promise<Server> {
  const given = options.config ?? io.env[googleNames.serverFile] ?? defaultFile;
  const policyGiven = io.env[googleNames.policyFile] ?? null;
  const read = await readServerFiles({ server: given, policy: policyGiven, cwd: io.cwd });
  const { settings } = read;
  const secrets = readSecrets(io.env, {
    slack: settings.slack !== undefined,
    githubApp: settings.github.app !== undefined,
  });
  if ("missing" in secrets)
    throw lacking(secrets.missing, ["export GANTRY_WEBHOOK_SECRETS=…", "export GANTRY_TOKENS=maya=…"]);
  if (settings.engine === "embedded") return { ...read, secrets, google: null };
  const google = readGoogleSettings(io.env);
  if ("missing" in google) throw lacking(google.missing, [`export ${googleNames.project}=…`]);
  return { ...read, secrets, google };
}

function lacking(missing: readonly string[], next: readonly string[]): Error {
  return usageComplaint({
    happened: "Gantry does not start: the environment lacks what it needs",
    why: missing.join("\n"),
    next,
  });
}
