import type { EventHandler } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { workOnCall } from "../shared/usecases/work-call.ts";

/** Restores stable where a person asked for it or the sweep found it owed, and clears away what ended releases left. */
export function rollback(deps: Deps): EventHandler {
  return (event) => workOnCall(deps, "rollback", event);
}
