import type { ServiceEvent } from "./events.ts";
import { liveAt } from "./evolve.ts";
import type { RevisionName, Timestamp } from "./ids.ts";
import { basicsOf } from "./release-basics.ts";
import type { Actor, Candidate, Failure, ReleaseBasics, ServiceState } from "./service-state.ts";

/** Gantry itself, as the one who decided. */
export const gantry: Actor = { kind: "system", name: "gantry" };

type Beginning = Readonly<{
  release: ReleaseBasics & Readonly<{ candidate: Candidate }>;
  target: RevisionName | null; // null = the service did not exist before
  failure: Failure;
  by?: Actor;
  at: Timestamp;
}>;

/** The way back begins: cause, who, and where to. */
export function rollBackTo({ release, target, failure, by = gantry, at }: Beginning): ServiceEvent {
  return {
    type: "rollback-began",
    at,
    releaseId: release.id,
    failure,
    by,
    target,
    candidate: release.candidate,
    release: basicsOf(release),
  };
}

type Ending = Readonly<{
  state: ServiceState;
  release: ReleaseBasics & Readonly<{ candidate: Candidate }>;
  failure: Failure;
  restored: RevisionName | null;
  at: Timestamp;
}>;

/**
 * The way back is done: all traffic is on the target, and the image may not come again until a person frees it. Where
 * the release itself was live, the one before it is live again.
 */
export function rolledBack({ state, release, failure, restored, at }: Ending): readonly ServiceEvent[] {
  const { id: releaseId, candidate, tag } = release;
  const again = state.live?.id === releaseId ? liveAt(state, restored) : null;
  return [
    { type: "stable-restored", at, releaseId, target: restored },
    ...(again ? [{ type: "release-reinstated", at, releaseId: again.id } as const] : []),
    { type: "digest-quarantined", at, releaseId, digest: candidate.image.digest, tag, why: failure.message },
    { type: "release-rolled-back", at, releaseId, failure },
  ];
}
