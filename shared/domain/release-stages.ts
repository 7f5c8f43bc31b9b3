import type { ServiceEvent } from "./events.ts";
import type { ServiceKey, Timestamp } from "./ids.ts";
import { newRecord, project } from "./project.ts";
import { isEnd, type ReleaseStatus } from "./words.ts";

/** A stretch of a release in one status; `to` null = it stands there still. */
export type ReleaseStage = Readonly<{ status: ReleaseStatus; from: Timestamp; to: Timestamp | null }>;

/** How long a release stood in which status, in order, as its events tell. Empty without the event that began it. */
export function stagesOf(service: ServiceKey, events: readonly ServiceEvent[]): readonly ReleaseStage[] {
  const [first] = events;
  if (first?.type !== "release-requested") return [];
  let record = newRecord(service, first.release);
  const stages: ReleaseStage[] = [{ status: record.status, from: first.at, to: null }];
  for (const event of events) {
    const next = project(record, event);
    const last = stages.at(-1);
    if (next.status !== record.status && last !== undefined)
      stages.splice(-1, 1, { ...last, to: event.at }, { status: next.status, from: event.at, to: null });
    record = next;
  }
  return stages;
}

/** The stages since the end before the last one: what came of a release that was live and was taken back is a story of its own. */
export function latestStages(stages: readonly ReleaseStage[]): readonly ReleaseStage[] {
  const ends = stages.flatMap(({ status }, index) => (isEnd(status) ? [index] : []));
  const last = isEnd(stages.at(-1)?.status ?? "queued") ? ends.at(-2) : ends.at(-1);
  return last === undefined ? stages : stages.slice(last + 1);
}
