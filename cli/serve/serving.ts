import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { Tracing } from "../../shared/ports/tracing.ts";
import type { CliIo } from "../cli-io.ts";
import type { Engine, EngineOptions } from "../runtime/engine.ts";
import {
  type GantryProcess,
  type GivenToEngine,
  type HttpOptions,
  startProcess,
} from "../runtime/gantry-process.ts";
import { connectCloud } from "../runtime/google-cloud.ts";
import { traceProject, tracingOf } from "../runtime/telemetry.ts";
import type { Server } from "./server.ts";
import { addressesOf, chatOf, paceOf } from "./server-parts.ts";

type UsualOptions = Omit<EngineOptions, "file" | "bus" | "trust">;

/** What an engine is opened with. */
type Opening = Readonly<{ server: Server; env: CliIo["env"]; usual: UsualOptions }>;

/** Opens an engine; each program has those that it can run, and loads one when it is asked for. */
export type OpenEngine = (opening: Opening) => Promise<Engine>;

export type ServingOptions = Readonly<{
  server: Server;
  listen: Readonly<{ host: string; port: number }>;
  open: OpenEngine;
  io: Pick<CliIo, "env" | "version"> & Readonly<{ write: (line: string) => void }>;
}>;

/** Gantry's HTTP with its engine, while both run. */
export type Serving = Readonly<{ url: string; close: () => Promise<void> }>;

/** Opens the engine and answers HTTP. Rejects, with nothing left running, when either cannot start. */
export async function startServing(options: ServingOptions): Promise<Serving> {
  const { server, io } = options;
  const cloud = connectCloud(addressesOf(server.settings, server.secrets), systemClock);
  const traces = await tracingOf(io.env, { version: io.version, settlesAtOnce: server.google !== null });
  const letGo = async (): Promise<void> => {
    await cloud.disconnect();
    await traces.close();
  };
  try {
    const gantry = await start(options, { cloud, tracing: traces.tracing });
    const close = (): Promise<void> => gantry.close().finally(letGo);
    return { url: gantry.server.url, close };
  } catch (error) {
    await letGo();
    throw error;
  }
}

type Around = Readonly<{ cloud: ReturnType<typeof connectCloud>; tracing: Tracing }>;

function start(
  { server, listen, open, io }: ServingOptions,
  { cloud, tracing }: Around,
): Promise<GantryProcess> {
  const { settings, secrets, google, policy } = server;
  const { disconnect: _disconnect, ...ports } = cloud;
  const usualFor = (given: GivenToEngine): UsualOptions => ({
    cloud: ports,
    chat: chatOf(settings, secrets.slack?.token ?? null),
    ...given,
    sourceSite: settings.github.clone,
    policy,
    log: createJsonLog({ write: io.write }, traceProject(io.env)),
    tracing,
    settings: paceOf(settings, google === null ? "embedded" : "google"),
  });
  return startProcess({
    open: (given) => open({ server, env: io.env, usual: usualFor(given) }),
    http: {
      ...listen,
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

function doorOf({ settings, secrets }: Server): HttpOptions["slack"] {
  if (settings.slack === undefined || secrets.slack === null) return null;
  const { teams, app } = settings.slack;
  return { signingSecrets: secrets.slack.signingSecrets, teamIds: teams, appId: app };
}
