import type { ReleaseRecord } from "./release-record.ts";
import type { LiveRelease, ServiceState } from "./service-state.ts";

/**
 * The release that was live before this one came, or when it ended; null = none that Gantry still knows. It stays what it
 * was when others go live later: a message that is edited then compares with the same.
 */
export function liveBefore(
  { live, past }: Pick<ServiceState, "live" | "past">,
  { id, endedAt }: Pick<ReleaseRecord, "id" | "endedAt">,
): LiveRelease | null {
  const known = live === null ? past : [...past, live];
  const own = known.findIndex((release) => release.id === id);
  if (own >= 0) return known[own - 1] ?? null;
  return known.findLast(({ since }) => endedAt === null || since <= endedAt) ?? null;
}
