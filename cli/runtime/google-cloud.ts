import { buildSettings, createBuildAdapter } from "../../shared/adapters/build/build-adapter.ts";
import { connectBuild } from "../../shared/adapters/build/connect-build.ts";
import { createAppTokens, type GitHubApp } from "../../shared/adapters/github/app-tokens.ts";
import type { GitHubClientOptions } from "../../shared/adapters/github/client.ts";
import { createGitHubForge } from "../../shared/adapters/github/forge.ts";
import { createGitHubSource } from "../../shared/adapters/github/source.ts";
import type { Endpoint } from "../../shared/adapters/google/client-options.ts";
import { googleIdentity } from "../../shared/adapters/google/google-identity.ts";
import { runAuthorization } from "../../shared/adapters/google/run-authorization.ts";
import { createHttpProbe } from "../../shared/adapters/http/probe.ts";
import { createLoggingAdapter, loggingSettings } from "../../shared/adapters/logging/logging-adapter.ts";
import { createGoogleLookups, googleLookups } from "../../shared/adapters/lookups/google-lookups.ts";
import { connectMonitoring } from "../../shared/adapters/monitoring/connect-monitoring.ts";
import {
  createMonitoringAdapter,
  monitoringSettings,
} from "../../shared/adapters/monitoring/monitoring-adapter.ts";
import { createRegistryImages, registryLimits } from "../../shared/adapters/registry/registry-images.ts";
import { connectRun } from "../../shared/adapters/run/connect-run.ts";
import { createRunAdapter } from "../../shared/adapters/run/run-adapter.ts";
import { runSettings } from "../../shared/adapters/run/run-context.ts";
import type { Clock } from "../../shared/ports/system.ts";
import type { CloudPorts } from "./cloud-ports.ts";

/** Where the cloud answers; null endpoints are Google's own. */
export type CloudAddresses = Readonly<{
  run: Endpoint | null;
  build: Endpoint | null;
  /** Whom builds run as, `{project}` for the project of the service; null = Cloud Build's default. */
  buildAccount: string | null;
  monitoring: Endpoint | null;
  logging: string | null; // base URL
  /** Base URL of a server that stands in for every image registry. */
  registry: string | null;
  git: GitAddress;
  /** A local cloud is quicker than Google's, and has no quota on reads. */
  isLocal: boolean;
}>;

/** A GitHub, and as whom Gantry goes there: an app, else whoever's token it is. `report`: releases are told there. */
export type GitAddress = Readonly<{
  baseUrl: string;
  cloneBase: string;
  token: string | null;
  app: GitHubApp | null;
  report: boolean;
}>;

/** The local cloud does in milliseconds what Google's does in seconds, and counts no reads. */
const local = {
  run: { ...runSettings, retryMs: 50, pollMs: 25, settleMs: 10_000 },
  build: { ...buildSettings, retryMs: 50, lookMs: 100, filesNameAccounts: true },
  monitoring: { ...monitoringSettings, retryMs: 50, timing: { sampleMs: 1_000, lagMs: 2_000 } },
  logging: { ...loggingSettings, retryMs: 50 },
};

const googleLogging = "https://logging.googleapis.com";

/** The real clients of Cloud Run, Cloud Build, Cloud Monitoring, Cloud Logging, image registries and GitHub, at these addresses. */
export function connectCloud(
  addresses: CloudAddresses,
  clock: Clock,
): CloudPorts & Readonly<{ disconnect: () => Promise<void> }> {
  const run = connectRun({ endpoint: addresses.run });
  const build = connectBuild({ endpoint: addresses.build });
  const monitoring = connectMonitoring({ endpoint: addresses.monitoring });
  const { isLocal, logging } = addresses;
  const identity = googleIdentity();
  const github = githubOptions(addresses.git, clock);
  return {
    run: createRunAdapter({
      clients: run.clients,
      clock,
      settings: isLocal ? local.run : runSettings,
    }),
    build: createBuildAdapter({
      client: build.client,
      clock,
      settings: { ...(isLocal ? local.build : buildSettings), account: addresses.buildAccount },
    }),
    source: createGitHubSource({ ...github, cloneBase: addresses.git.cloneBase }),
    forge: addresses.git.report ? createGitHubForge(github) : null,
    probe: createHttpProbe({ authorize: runAuthorization(identity) }),
    metrics: createMonitoringAdapter({
      client: monitoring.client,
      clock,
      settings: addresses.monitoring === null ? monitoringSettings : local.monitoring,
    }),
    logs: createLoggingAdapter({
      baseUrl: logging ?? googleLogging,
      token: logging === null ? identity.accessToken : null,
      clock,
      settings: logging === null ? loggingSettings : local.logging,
    }),
    images: createRegistryImages({
      ...registryLimits,
      mirror: addresses.registry,
      token: identity.accessToken,
    }),
    lookups: isLocal ? null : createGoogleLookups({ ...googleLookups, token: identity.accessToken }),
    disconnect: async () => {
      await Promise.all([run.close(), build.close(), monitoring.close()]);
    },
  };
}

function githubOptions({ baseUrl, token, app }: GitAddress, clock: Clock): GitHubClientOptions {
  return app === null
    ? { baseUrl, token: () => token }
    : { baseUrl, ...createAppTokens({ baseUrl, app, clock }) };
}
