import type { CommandOf } from "./commands.ts";
import { activeIn, isOver } from "./decide-progress.ts";
import { type Decision, events, nothing } from "./decision.ts";
import type { ServiceEvent } from "./events.ts";
import type { RevisionName } from "./ids.ts";
import type { ServiceState } from "./service-state.ts";

/** What came of the deploy: a candidate at 0 %, or the end of the release; and how it left the service. */
export function decideDeployFinished(command: CommandOf<"finish-deploy">, state: ServiceState): Decision {
  const { at, releaseId, result } = command;
  if (isOver(state, releaseId))
    return events({ type: "leftovers-found", at, releaseId, build: false, candidate: true });
  if (!activeIn(state, releaseId, "deploying")) return nothing;
  if ("failure" in result)
    return events(
      ...(state.left === undefined ? [] : settingsLeft(command, state.left.serving)),
      ...(result.rows === undefined
        ? []
        : [{ type: "guardrail-broken", at, releaseId, rows: result.rows } as const]),
      { type: "release-failed", at, releaseId, failure: result.failure },
    );
  const { candidate, stable } = result;
  return events(
    { type: "candidate-deployed", at, releaseId, candidate, stable },
    ...settingsLeft(command, stable ?? candidate.revision),
  );
}

/** How a deploy left the service, as far as it could be read. */
function settingsLeft(
  { at, releaseId, left }: CommandOf<"finish-deploy">,
  serving: RevisionName | null,
): readonly ServiceEvent[] {
  return left === undefined ? [] : [{ type: "settings-left", at, releaseId, serving, ...left }];
}
