import { createHash } from "node:crypto";
import { parseReleaseId, type ReleaseId } from "../domain/ids.ts";

/** Characters of a request's id, at most: who takes the request up reads no longer one. */
export const longestRequestId = 200;

/** An id for a request, the same for the same text and another for any other; of a text that is too long, it ends in its digest. */
export function requestIdOf(text: string): string {
  if (text.length <= longestRequestId) return text;
  const digest = createHash("sha256").update(text).digest("hex");
  return `${text.slice(0, longestRequestId - digest.length - 1)}~${digest}`;
}

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
