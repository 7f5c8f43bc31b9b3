import { createHash } from "node:crypto";
import type { AccessToken } from "../../service/service-deps.ts";

/** The token as the service keeps it: its hash, and who acts with it. */
export function accessToken(name: string, token: string): AccessToken {
  return { name, sha256: createHash("sha256").update(token).digest("hex"), roles: ["viewer", "operator"] };
}
