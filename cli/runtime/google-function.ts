import type { PushOutcome, RawPush } from "../../shared/adapters/pubsub/push-receiver.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { type FunctionName, functionParts, handsOverAfterMs } from "../../shared/install/google-parts.ts";
import { pushSubscriptions } from "../../shared/install/push-subscriptions.ts";
import type { EventHandler } from "../../shared/ports/bus.ts";
import type { Log } from "../../shared/ports/system.ts";
import { delivering } from "../../shared/usecases/delivery.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { readServerFiles } from "../serve/server-files.ts";
import { addressesOf, chatOf, paceOf, sweepPaceOf } from "../serve/server-parts.ts";
import { type ServerSettings, secretNames } from "../serve/server-settings.ts";
import { connectCloud } from "./google-cloud.ts";
import { openGoogleEngine } from "./google-engine.ts";
import { readGoogleSettings } from "./google-settings.ts";
import { createTaker, deadLetterSubscription, patientSweep } from "./google-taker.ts";
import { type PushTrust, pushTrust } from "./push-trust.ts";
import { traceProject, tracingOf } from "./telemetry.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** One function, ready to take pushes. */
export type GoogleFunction = Readonly<{
  log: Log;
  trust: PushTrust;
  take: (push: RawPush) => Promise<PushOutcome>;
}>;

export type FunctionOptions = Readonly<{
  name: FunctionName;
  handler: (deps: Deps) => EventHandler;
  env: Env;
  cwd: string;
  write: (line: string) => void;
}>;

const defaultServerFile = "gantry.server.yaml";

/** Reads the settings and opens what the function needs. @throws Error that names every setting that is missing. */
export async function openGoogleFunction(options: FunctionOptions): Promise<GoogleFunction> {
  const { name, handler, env, cwd, write } = options;
  const log = createJsonLog({ write }, traceProject(env));
  const google = readGoogleSettings(env);
  if ("missing" in google)
    throw new Error(`The function ${name} lacks settings: ${google.missing.join("; ")}`);
  const { files } = google;
  const read = await readServerFiles({
    server: files.server ?? defaultServerFile,
    policy: files.policy,
    cwd,
  });
  const { settings, policy } = read;
  const { disconnect: _disconnect, ...cloud } = connectCloud(
    addressesOf(settings, githubSecrets(env)),
    systemClock,
  );
  const publicUrl = google.publicUrl ?? settings.publicUrl ?? "";
  const traces = await tracingOf(env, { version: env["K_REVISION"] ?? "unknown", settlesAtOnce: true });
  const engine = await openGoogleEngine({
    google,
    cloud,
    chat: chatOf(settings, env[secretNames.slackToken] || null),
    consoleUrl: () => publicUrl,
    sourceSite: settings.github.clone,
    policy,
    log,
    tracing: traces.tracing,
    settings: { ...paceOf(settings, "google"), invocationMs: invocationOf(name, settings) },
  });
  const isEmulated = google.emulators.pubsub !== null;
  const usual = handler(engine.deps);
  const isSweep = name === "sweep";
  const handle = isSweep ? patientSweep(engine, usual, sweepPaceOf(settings)) : usual;
  const own = pushSubscriptions.filter((subscription) => subscription.function === name);
  const take = createTaker(engine, [
    ...own.map((subscription) => delivering(engine.deps, { ...subscription, handler: handle })),
    ...(isSweep ? [deadLetterSubscription(engine)] : []),
  ]);
  return {
    log,
    trust: pushTrust({ push: google.push, isEmulated, isBehindIam: isOnCloudRun(env) }, systemClock),
    take,
  };
}

/** Ends before Google would end it. */
function invocationOf(name: FunctionName, { handOverAfter }: ServerSettings): number {
  return Math.min(handsOverAfterMs(functionParts[name]), handOverAfter ?? Number.POSITIVE_INFINITY);
}

function githubSecrets(env: Env): Readonly<{ githubToken: string | null; githubAppKey: string | null }> {
  return {
    githubToken: env[secretNames.github] || null,
    githubAppKey: env[secretNames.githubApp] || null,
  };
}

/** https://cloud.google.com/run/docs/container-contract#services-env-vars */
function isOnCloudRun(env: Env): boolean {
  return env["K_SERVICE"] !== undefined;
}
