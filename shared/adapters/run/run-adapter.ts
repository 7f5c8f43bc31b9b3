import type { RunPort } from "../../ports/run.ts";
import type { Clock } from "../../ports/system.ts";
import type { RunClients } from "./connect-run.ts";
import { deployCandidate } from "./deploy-candidate.ts";
import { removeCandidate } from "./remove-candidate.ts";
import { createRunApi, type RunApi } from "./run-api.ts";
import { patienceFor, type RunContext, type RunSettings } from "./run-context.ts";
import { revisionSnapshotOf, serviceSnapshotOf } from "./service-snapshot.ts";
import { setMinInstances } from "./set-min-instances.ts";
import { setTraffic } from "./set-traffic.ts";
import { revisionSettingsOf, serviceSettingsOf } from "./settings-reading.ts";
import { tryTemplate } from "./try-template.ts";

/** `RunPort` over the Cloud Run Admin API v2. `clients` is asked at each call, with the region of the service. */
export function createRunAdapter({
  clients,
  clock,
  settings,
}: Readonly<{
  clients: (region: string) => Promise<RunClients>;
  clock: Clock;
  settings: RunSettings;
}>): RunPort {
  const api = createRunApi({ clients, clock, settings });
  return runPortOver({ api, clock, settings });
}

/** `RunPort` over any form of the API's calls. */
export function runPortOver(context: RunContext): RunPort {
  const { api } = context;
  return {
    ...readings(api),
    tryTemplate: (request) => tryTemplate(api, request),
    deployCandidate: (request) => deployCandidate(context, request),
    setTraffic: (request) => setTraffic(context, request),
    setMinInstances: (request) => setMinInstances(context, request),
    removeCandidate: (removal) => removeCandidate(context, removal, patienceFor(context, removal)),
  };
}

function readings(
  api: RunApi,
): Pick<RunPort, "readService" | "readRevision" | "readSettings" | "readRevisionSettings" | "revisions"> {
  return {
    readService: async (service) => {
      const raw = await api.service(service);
      return raw === null ? null : serviceSnapshotOf(service, raw);
    },
    readRevision: async ({ service, revision }) => {
      const raw = await api.revision(service, revision);
      return raw === null ? null : revisionSnapshotOf(raw);
    },
    readSettings: async (service) => {
      const raw = await api.service(service);
      if (raw === null) return null;
      const snapshot = serviceSnapshotOf(service, raw);
      return { settings: serviceSettingsOf(raw), snapshot, modifiedBy: raw.lastModifier || null };
    },
    readRevisionSettings: async ({ service, revision }) => {
      const raw = await api.revision(service, revision);
      return raw === null ? null : revisionSettingsOf(raw);
    },
    revisions: async (service) => {
      const all = await api.revisions(service);
      return all.map(revisionSnapshotOf).filter((revision) => revision !== null);
    },
  };
}
