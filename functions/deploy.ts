import { type EventHandler, topics } from "../shared/ports/bus.ts";
import { noticeBuild } from "../shared/usecases/build-notice.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { isFrom, workOnCall } from "../shared/usecases/work-call.ts";

/** Hears of builds on `cloud-builds`, asks for their result, and deploys the image as a revision without traffic. */
export function deploy(deps: Deps): EventHandler {
  return async (event) =>
    isFrom(event, topics.builds) ? noticeBuild(deps, event) : workOnCall(deps, "deploy", event);
}
