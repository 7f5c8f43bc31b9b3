import type { ReleaseId } from "../../../shared/domain/ids.ts";
import type { EndEvent } from "../end-events.ts";
import type { Scenario } from "../scenario.ts";

/** Plays the push of one tag and waits for the end of its release. */
export function pushUntil(tag: string, end: EndEvent): Scenario["play"] {
  return async (stage): Promise<readonly ReleaseId[]> => {
    const releases = await stage.push(tag);
    for (const id of releases) await stage.ended(id, end);
    return releases;
  };
}
