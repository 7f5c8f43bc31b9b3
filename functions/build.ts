import { type EventHandler, topics } from "../shared/ports/bus.ts";
import { admit } from "../shared/usecases/admit.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { isFrom, workOnCall } from "../shared/usecases/work-call.ts";

/** Takes requests for releases from `gantry-releases`, and starts the builds that are owed. */
export function build(deps: Deps): EventHandler {
  return async (event) =>
    isFrom(event, topics.releases) ? admit(deps, event) : workOnCall(deps, "build", event);
}
