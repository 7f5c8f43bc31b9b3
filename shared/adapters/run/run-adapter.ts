import type { RunPort } from "../../ports/run.ts";
import type { Clock } from "../../ports/system.ts";
import type { RunClients } from "./connect-run.ts";
import { deployCandidate } from "./deploy-candidate.ts";
import { removeCandidate } from "./remove-candidate.ts";
import { createRunApi } from "./run-api.ts";
import { patienceFor, type RunContext, type RunSettings } from "./run-context.ts";
import { revisionSnapshotOf, serviceSnapshotOf } from "./service-snapshot.ts";
import { setTraffic } from "./set-traffic.ts";

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
  const context: RunContext = { api, clock, settings };
  return {
    readService: async (service) => {
      const raw = await api.service(service);
      return raw === null ? null : serviceSnapshotOf(service, raw);
    },
    readRevision: async ({ service, revision }) => {
      const raw = await api.revision(service, revision);
      return raw === null ? null : revisionSnapshotOf(raw);
    },
    revisions: async (service) => {
      const all = await api.revisions(service);
      return all.map(revisionSnapshotOf).filter((revision) => revision !== null);
    },
    deployCandidate: (request) => deployCandidate(context, request),
    setTraffic: (request) => setTraffic(context, request),
    removeCandidate: (removal) => removeCandidate(context, removal, patienceFor(context, removal)),
  };
}
