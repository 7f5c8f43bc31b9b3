import { type EventHandler, topics } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { readWarmupCall } from "../shared/usecases/messages.ts";
import { warmAll, warmService } from "../shared/usecases/warm-services.ts";
import { isFrom, workOnCall } from "../shared/usecases/work-call.ts";

/** Runs on the schedule for every service, or for the one that a message names; writes the minimums that are owed. */
export function warmup(deps: Deps): EventHandler {
  return async (event) => {
    if (!isFrom(event, topics.warmup)) return workOnCall(deps, "warmup", event);
    const { service } = readWarmupCall(event);
    return service === null ? warmAll(deps) : warmService(deps, service);
  };
}
