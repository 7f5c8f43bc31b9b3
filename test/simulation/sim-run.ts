import { runPortOver } from "../../shared/adapters/run/run-adapter.ts";
import type { RunApi, WriteResult } from "../../shared/adapters/run/run-api.ts";
import { runSettings } from "../../shared/adapters/run/run-context.ts";
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
    tryCreate: () => write(() => ({ kind: "accepted", generation: null })),
    tryUpdate: () => write(() => ({ kind: "accepted", generation: null })),
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
  return runPortOver({ api: runApi(params), clock: params.process.clock, settings: runSettings });
}
