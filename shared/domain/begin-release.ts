import type { ServiceEvent } from "./events.ts";
import type { ImageDigest, Timestamp } from "./ids.ts";
import type { Failure, ReleaseBasics, ServiceState } from "./service-state.ts";

/** Why this image may not be released; null = it may. */
export function quarantineFailure(state: ServiceState, digest: ImageDigest): Failure | null {
  const bad = state.quarantine.find((entry) => entry.digest === digest);
  if (bad === undefined) return null;
  const short = digest.slice(0, 19);
  const message = `The image ${short} is quarantined since ${bad.tag} (${bad.releaseId}): ${bad.why} To release it all the same: gantry quarantine free ${state.key} ${short}`;
  return { code: "quarantined", message };
}

/**
 * What happens when the turn of a release comes. One whose image was built elsewhere has it at once; it may have been
 * put in quarantine while the release waited.
 */
export function begin(release: ReleaseBasics, state: ServiceState, at: Timestamp): readonly ServiceEvent[] {
  const { id: releaseId, prebuilt, requestedBy: by } = release;
  const began: ServiceEvent = { type: "release-began", at, releaseId, release };
  if (prebuilt === undefined) return [began];
  const { image, reference } = prebuilt;
  const given: ServiceEvent = { type: "image-given", at, releaseId, image, reference, by };
  const failure = quarantineFailure(state, image.digest);
  return failure === null
    ? [began, given]
    : [began, given, { type: "release-failed", at, releaseId, failure }];
}
