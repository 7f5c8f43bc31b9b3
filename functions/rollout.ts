import type { EventHandler } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { workOnCall } from "../shared/usecases/work-call.ts";

/** Moves traffic step by step and watches; when a watch fails, restores stable in the same invocation. */
export function rollout(deps: Deps): EventHandler {
  return (event) => workOnCall(deps, "rollout", event);
}
