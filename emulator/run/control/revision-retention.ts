import type { RevisionRecord, ServiceState } from "./service-records.ts";
import { isAddressable } from "./traffic.ts";

/** Why a revision may not be deleted, or null: only one that is retired and not the latest may go. */
export function deletionObstacle(state: ServiceState, revision: RevisionRecord): string | null {
  const { name } = revision;
  if (isAddressable(state, name))
    return `Revision '${name}' is serving traffic or has a tag. Only retired revisions can be deleted.`;
  if (state.revisions.length === 1) return `Revision '${name}' is the only revision of the service.`;
  if (state.record.latestCreated === name) return `Revision '${name}' is the latest revision of the service.`;
  return null;
}

/** The oldest revisions over the limit that nothing leads to; they vanish by themselves. */
export function superfluousRevisions(state: ServiceState, limit: number): readonly string[] {
  const surplus = state.revisions.length - limit;
  if (surplus <= 0) return [];
  return state.revisions
    .filter((revision) => deletionObstacle(state, revision) === null)
    .slice(0, surplus)
    .map(({ name }) => name);
}
