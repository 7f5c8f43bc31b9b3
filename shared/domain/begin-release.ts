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
 * What follows the preflight of a release whose image was built elsewhere: it has it, and nothing is built. The image may
 * have been put in quarantine while the release waited. Nothing for a release that is built.
 */
export function imageGiven(
  release: ReleaseBasics,
  state: ServiceState,
  at: Timestamp,
): readonly ServiceEvent[] {
  const { id: releaseId, prebuilt, requestedBy: by } = release;
  if (prebuilt === undefined) return [];
  const { image, reference } = prebuilt;
  const given: ServiceEvent = { type: "image-given", at, releaseId, image, reference, by };
  const failure = quarantineFailure(state, image.digest);
  return failure === null ? [given] : [given, { type: "release-failed", at, releaseId, failure }];
}
