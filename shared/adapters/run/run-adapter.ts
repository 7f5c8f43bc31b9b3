import { candidateTag } from "../../domain/traffic.ts";
import type { CandidateOutcome, CandidateRequest, RunPort } from "../../ports/run.ts";
import type { Clock } from "../../ports/system.ts";
import { awaitCandidate } from "./await-candidate.ts";
import type { RunClients } from "./connect-run.ts";
import { placeCandidate } from "./place-candidate.ts";
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

/** Places the candidate, waits for it, and takes it out of the desired traffic again when it does not come up. */
async function deployCandidate(context: RunContext, request: CandidateRequest): Promise<CandidateOutcome> {
  const patience = patienceFor(context, request);
  const placed = await placeCandidate(context, request, patience);
  if (placed.outcome === "refused") return placed;
  const { revision, stable } = placed;
  const awaited = await awaitCandidate(context, request, placed, patience);
  if (awaited.result === "ready") {
    const { url } = awaited;
    const candidate = { revision, tag: candidateTag(request.releaseId), url, image: request.image };
    return { outcome: "ready", candidate, stable };
  }
  const { service, releaseId, signal } = request;
  const cleaning = patienceFor(context, { deadlineMs: context.settings.cleanUpMs, signal });
  await removeCandidate(context, { service, releaseId, ended: "failed" }, cleaning);
  return { outcome: "failed", code: awaited.code, message: awaited.message };
}
