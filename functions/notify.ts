import { type EventHandler, topics } from "../shared/ports/bus.ts";
import { actOnClick } from "../shared/usecases/act-on-click.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { notify as notifyOf, sayAgain } from "../shared/usecases/notify.ts";
import { isFrom } from "../shared/usecases/work-call.ts";

/** Turns facts into chat messages, says what could not be said before, and carries out what people click. */
export function notify(deps: Deps): EventHandler {
  return async (event) => {
    if (isFrom(event, topics.events)) return notifyOf(deps, event);
    return isFrom(event, topics.commands) ? actOnClick(deps, event) : sayAgain(deps, event);
  };
}
