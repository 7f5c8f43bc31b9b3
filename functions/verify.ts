import type { EventHandler } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { workOnCall } from "../shared/usecases/work-call.ts";

/** Runs the gate at the candidate's tag URL. */
export function verify(deps: Deps): EventHandler {
  return (event) => workOnCall(deps, "verify", event);
}
