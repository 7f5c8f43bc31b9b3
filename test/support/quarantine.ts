import type { Quarantined } from "../../shared/domain/service-state.ts";
import { image, monday, releaseId, tagName } from "./fixtures.ts";

/** An image in quarantine whose digest starts with the given hex digits. */
export function quarantined(start = "d1", changes: Partial<Quarantined> = {}): Quarantined {
  return {
    digest: image(start).digest,
    releaseId: releaseId(),
    tag: tagName(),
    at: monday,
    why: "The health check failed at 20 %.",
    ...changes,
  };
}
