import { createHash } from "node:crypto";
import { parseReleaseId, type ReleaseId } from "../domain/ids.ts";

/**
 * The release that a request leads to. The same request always names the same release, so that a message delivered
 * twice, or a webhook sent again, is one release.
 */
export function releaseIdFor(requestId: string): ReleaseId {
  const number = BigInt(`0x${createHash("sha256").update(requestId).digest("hex").slice(0, 16)}`);
  const id = parseReleaseId(`r-${number.toString(36).padStart(13, "0").slice(0, 8)}`);
  if (id === null) throw new Error("A release id made from a digest did not parse; this is a bug.");
  return id;
}
