import type { EventHandler } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { sweep as sweepOnce } from "../shared/usecases/sweep.ts";
import { isWorkCall, workOnCall } from "../shared/usecases/work-call.ts";

/** Hands off everything that is due and in nobody's hands, and looks at the services that are to be looked at. */
export function sweep(deps: Deps): EventHandler {
  return async (event) => (isWorkCall(event) ? workOnCall(deps, "sweep", event) : sweepOnce(deps));
}
