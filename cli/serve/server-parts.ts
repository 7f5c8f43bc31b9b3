import { slackDefaults } from "../../shared/adapters/slack/slack-api.ts";
import { createSlackChat } from "../../shared/adapters/slack/slack-chat.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { ChatPort } from "../../shared/ports/chat.ts";
import type { Settings } from "../../shared/usecases/deps.ts";
import type { CloudAddresses, GitAddress } from "../runtime/google-cloud.ts";
import type { SweepPace } from "../runtime/google-sweep.ts";
import { type ServerSecrets, type ServerSettings, secretNames } from "./server-settings.ts";

type CloudSecrets = Pick<ServerSecrets, "githubToken" | "githubAppKey">;

/** Where the clouds answer that `gantry.server.yaml` names. */
export function addressesOf(settings: ServerSettings, secrets: CloudSecrets): CloudAddresses {
  const { endpoints, github } = settings;
  return {
    run: endpoints.run ?? null,
    build: endpoints.build ?? null,
    buildAccount: settings.buildAccount ?? null,
    monitoring: endpoints.monitoring ?? null,
    logging: endpoints.logging ?? null,
    registry: endpoints.registry ?? null,
    git: gitAddressOf(github, secrets),
    isLocal: endpoints.run !== undefined,
  };
}

function gitAddressOf(
  { api, clone, app, report }: ServerSettings["github"],
  { githubToken: token, githubAppKey: privateKey }: CloudSecrets,
): GitAddress {
  const known =
    app === undefined || privateKey === null
      ? null
      : { id: app.id, privateKey, installation: app.installation ?? null };
  const mayReport = token !== null || known !== null;
  return { baseUrl: api, cloneBase: clone, token, app: known, report: report && mayReport };
}

type EngineName = NonNullable<ServerSettings["engine"]>;

/** Cloud Build tells the functions itself that a build has ended; nobody has to tell a server on one file. */
const usualPolls = {
  embedded: { pollBuildEveryMs: 15_000, pollBuildUpToMs: null },
  google: { pollBuildEveryMs: 60_000, pollBuildUpToMs: 5 * 60_000 },
} as const satisfies Record<EngineName, object>;

/** How often builds are asked for. */
export function pollsOf(
  { pollBuilds }: ServerSettings,
  engine: EngineName,
): Pick<Settings, "pollBuildEveryMs" | "pollBuildUpToMs"> {
  if (pollBuilds === undefined) return usualPolls[engine];
  return { pollBuildEveryMs: pollBuilds, pollBuildUpToMs: null };
}

/** How this process goes about its work, as far as `gantry.server.yaml` says. */
export function paceOf(settings: ServerSettings, engine: EngineName): Partial<Settings> {
  return {
    leaseMs: settings.lease,
    ...pollsOf(settings, engine),
    watchWaitingEveryMs: settings.watchWaiting,
    driftEveryMs: settings.lookForDrift,
    findTagsEveryMs: settings.github.findTags,
    webhookWithinMs: settings.github.webhookWithin,
  };
}

/** How long a call of the clock goes on, on Google Cloud. */
export function sweepPaceOf({ sweepFor }: ServerSettings): SweepPace {
  return { forMs: sweepFor, everyMs: Math.max(1, Math.min(sweepEveryMs, sweepFor)) };
}

const sweepEveryMs = 2_000;

/** The Slack that the settings name; null = none. A process without the token may ask what is to be said, and say nothing. */
export function chatOf({ slack }: ServerSettings, token: string | null): ChatPort | null {
  if (slack === undefined) return null;
  return createSlackChat({
    apiUrl: slack.api,
    token: () => token ?? tokenMissing(),
    clock: systemClock,
    settings: slackDefaults,
  });
}

function tokenMissing(): never {
  throw new AppError({
    code: "chat-refused",
    transient: false,
    message: `This process was given no ${secretNames.slackToken}, so it says nothing in Slack.`,
  });
}

type Listening = Readonly<{ port: number | null; env: Readonly<Record<string, string | undefined>> }>;

/** Where to listen. Cloud Run says the port in PORT, and reaches only who listens on every address; it names itself in K_SERVICE. */
export function listenOf(
  { listen }: ServerSettings,
  { port, env }: Listening,
): Readonly<{ host: string; port: number }> {
  const given = /^[0-9]{1,5}$/.test(env["PORT"] ?? "") ? Number(env["PORT"]) : listen.port;
  return { host: env["K_SERVICE"] ? "0.0.0.0" : listen.host, port: port ?? given };
}
