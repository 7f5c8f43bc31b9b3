import type { EventHandler } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { readWarmupCall } from "../shared/usecases/messages.ts";
import { warmAll, warmService } from "../shared/usecases/warm-services.ts";

/** Runs on the schedule for every service, or for the one that a message names: raises and lowers minimums, and pings. */
export function warmup(deps: Deps): EventHandler {
  return async (event) => {
    const { service } = readWarmupCall(event);
    return service === null ? warmAll(deps) : warmService(deps, service);
  };
}
