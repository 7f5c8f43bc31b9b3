import type { GoogleAccount, TokenRefusal } from "../domain/identity-token.ts";

/** Whether a token is believed, and whose it is. `keys-unavailable`: nobody can tell now, so the caller may come again. */
export type TokenVerdict =
  | (Readonly<{ ok: true }> & GoogleAccount)
  | Readonly<{ ok: false; reason: TokenRefusal }>
  | Readonly<{ ok: false; reason: "keys-unavailable"; why: string }>;

/** Headers of a request, names in lower case, each with every value that was sent. */
export type SentHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/** Tells whose identity token this is. */
export interface IdentityTokens {
  /** NEVER throws but for a bug, and keeps no token. */
  verify(token: string): Promise<TokenVerdict>;
}
