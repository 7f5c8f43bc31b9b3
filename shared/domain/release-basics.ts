import type { ActiveRelease, Pair, ReleaseBasics } from "./service-state.ts";

/** What stays of a release whatever its status. */
export function basicsOf(release: ReleaseBasics): ReleaseBasics {
  const { id, tag, commit, repository, requestedBy, requestedAt, configHash, plan } = release;
  const { committedAt, origin, prebuilt, despite, allows } = release;
  return {
    id,
    tag,
    commit,
    ...(committedAt === undefined ? {} : { committedAt }),
    repository,
    requestedBy,
    requestedAt,
    ...(origin === undefined ? {} : { origin }),
    configHash,
    plan,
    ...(prebuilt === undefined ? {} : { prebuilt }),
    ...(despite === undefined ? {} : { despite }),
    ...(allows === undefined ? {} : { allows }),
  };
}

/** The candidate and its stable, in the statuses that have them. */
export function pairOf(release: ActiveRelease): Pair | null {
  return "candidate" in release ? { candidate: release.candidate, stable: release.stable } : null;
}
