import type { EventHandler } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { sweep as sweepOnce } from "../shared/usecases/sweep.ts";

/** Hands off everything that is due and in nobody's hands. */
export function sweep(deps: Deps): EventHandler {
  return () => sweepOnce(deps);
}
