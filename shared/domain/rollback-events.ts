import type { ServiceEvent } from "./events.ts";
import { basicsOf } from "./evolve.ts";
import type { RevisionName, Timestamp } from "./ids.ts";
import type { Actor, Candidate, Failure, ReleaseBasics } from "./service-state.ts";

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
  release: ReleaseBasics & Readonly<{ candidate: Candidate }>;
  failure: Failure;
  restored: RevisionName | null;
  at: Timestamp;
}>;

/** The way back is done: all traffic is on the target, and the image may not come again until a person frees it. */
export function rolledBack({ release, failure, restored, at }: Ending): readonly ServiceEvent[] {
  const { id: releaseId, candidate, tag } = release;
  return [
    { type: "stable-restored", at, releaseId, target: restored },
    { type: "digest-quarantined", at, releaseId, digest: candidate.image.digest, tag, why: failure.message },
    { type: "release-rolled-back", at, releaseId, failure },
  ];
}
