import { deployCandidate } from "../../shared/adapters/run/deploy-candidate.ts";
import { removeCandidate } from "../../shared/adapters/run/remove-candidate.ts";
import type { RunApi, WriteResult } from "../../shared/adapters/run/run-api.ts";
import { patienceFor, type RunContext, runSettings } from "../../shared/adapters/run/run-context.ts";
import { revisionSnapshotOf, serviceSnapshotOf } from "../../shared/adapters/run/service-snapshot.ts";
import { setTraffic } from "../../shared/adapters/run/set-traffic.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { RunPort } from "../../shared/ports/run.ts";
import type { SimCloudRun } from "./sim-cloud-run.ts";
import type { SimProcess, Surroundings } from "./sim-process.ts";

/** The calls of one process to the simulated Cloud Run: each may be slow, fail, or lose its answer after its effect. */
function runApi(params: Readonly<{ cloud: SimCloudRun; process: SimProcess; world: Surroundings }>): RunApi {
  const { cloud, process, world } = params;
  const by = process.name;
  const send = <T>(effect: () => T): Promise<T> => {
    const { callFails, replyLost, callSlow } = world.faults;
    return process.call({ effect, lost: unavailable, fails: callFails, replyLost, slow: callSlow });
  };
  const write = async (effect: () => WriteResult): Promise<WriteResult> => {
    try {
      return await send(effect);
    } catch (error) {
      if (error instanceof AppError) return { kind: "unknown", message: error.message };
      throw error;
    }
  };
  return {
    service: (service) => send(() => cloud.read(service)),
    revision: (service, revision) => send(() => cloud.readRevision(service, revision)),
    revisions: (service) => send(() => cloud.readRevisions(service)),
    create: (service, body) => write(() => cloud.create({ service, body, by })),
    update: (service, body) => write(() => cloud.update({ service, body, by }, body.etag ?? "")),
    remove: (service, etag) => write(() => cloud.remove(service, etag)),
  };
}

function unavailable(): AppError {
  return new AppError({ code: "run-unavailable", message: "14 UNAVAILABLE (simulated)", transient: true });
}

/** Gantry's own Cloud Run adapter on the simulated API. */
export function simRun(
  params: Readonly<{ cloud: SimCloudRun; process: SimProcess; world: Surroundings }>,
): RunPort {
  const api = runApi(params);
  const context: RunContext = { api, clock: params.process.clock, settings: runSettings };
  return {
    readService: async (service) => {
      const raw = await api.service(service);
      return raw === null ? null : serviceSnapshotOf(service, raw);
    },
    readRevision: async ({ service, revision }) => {
      const raw = await api.revision(service, revision);
      return raw === null ? null : revisionSnapshotOf(raw);
    },
    revisions: async (service) =>
      (await api.revisions(service)).map(revisionSnapshotOf).filter((revision) => revision !== null),
    deployCandidate: (request) => deployCandidate(context, request),
    setTraffic: (request) => setTraffic(context, request),
    removeCandidate: (removal) => removeCandidate(context, removal, patienceFor(context, removal)),
  };
}
