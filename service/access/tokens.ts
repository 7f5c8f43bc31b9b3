import { createHash, timingSafeEqual } from "node:crypto";
import type { AccessToken } from "../service-deps.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The token whose hash is that of `presented`; compares with every token in constant time. Null = none. */
export function findToken(
  params: Readonly<{ tokens: readonly AccessToken[]; presented: string }>,
): AccessToken | null {
  const presented = digest(params.presented);
  let found: AccessToken | null = null;
  for (const token of params.tokens) {
    const expected = Buffer.from(token.sha256, "hex");
    if (expected.length === presented.length && timingSafeEqual(expected, presented)) found = token;
  }
  return found;
}

/** The token in an `Authorization: Bearer` header; null = none there. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(header ?? "")?.[1] ?? null;
}

/** The JSON Web Token in an `Authorization: Bearer` header; null = none there. */
export function identityTokenOf(header: string | undefined): string | null {
  return /^Bearer +([\w-]{1,1024}\.[\w-]{1,6144}\.[\w-]{1,1024})$/i.exec(header ?? "")?.[1] ?? null;
}

/** Names a token in a cookie: it changes with the token and tells nothing of it. */
export function fingerprint(token: AccessToken): string {
  return digest(`session:${token.sha256.toLowerCase()}`).toString("base64url");
}
