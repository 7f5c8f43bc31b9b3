import { compactVerify, decodeProtectedHeader, errors } from "jose";
import { claimRefusal, type ExpectedToken, type TokenRefusal } from "../../domain/identity-token.ts";
import type { IdentityTokens, TokenVerdict } from "../../ports/identity-tokens.ts";
import type { Clock } from "../../ports/system.ts";
import { type KeyLimits, KeyStore, keyLimits } from "./key-store.ts";
import { readClaims } from "./token-claims.ts";

/** The algorithms that Google signs identities with; no other is ever tried, `none` and shared secrets least of all. */
type Algorithm = "RS256" | "ES256";

export type TrustedIssuer = Readonly<{
  expected: ExpectedToken;
  algorithm: Algorithm;
  keysUrl: string;
}>;

type Header = Readonly<{ kid: string }> | TokenRefusal;

/**
 * Believes tokens that this issuer signed and that say what is expected. What is wrong by its own words is refused before
 * any key is asked for, so that a stranger costs no request to the issuer.
 */
export function createTokenVerifier(
  { expected, algorithm, keysUrl }: TrustedIssuer,
  clock: Clock,
  limits: KeyLimits = keyLimits,
): IdentityTokens {
  const keys = new KeyStore({ url: keysUrl, algorithm, clock, limits });
  const verify = async (token: string): Promise<TokenVerdict> => {
    const claims = readClaims(token);
    if (claims === null) return { ok: false, reason: "unreadable" };
    const header = headerOf(token, algorithm);
    if (typeof header === "string") return { ok: false, reason: header };
    const reason = claimRefusal(claims, expected, clock.now() / 1_000);
    if (reason !== null) return { ok: false, reason };
    const found = await keys.find(header.kid);
    if (found.kind === "unknown") return { ok: false, reason: "key-unknown" };
    if (found.kind === "unavailable") return { ok: false, reason: "keys-unavailable", why: found.why };
    const isSigned = await isSignedBy(token, found.key, algorithm);
    const { email, hostedDomain } = claims;
    return isSigned ? { ok: true, email: email ?? "", hostedDomain } : { ok: false, reason: "signature" };
  };
  return { verify };
}

/** Extensions that change how a token is to be read (`crit`, RFC 7515) are none of Google's. */
function headerOf(token: string, algorithm: Algorithm): Header {
  try {
    const { alg, kid, crit } = decodeProtectedHeader(token);
    if (alg !== algorithm) return "algorithm";
    return typeof kid === "string" && kid !== "" && crit === undefined ? { kid } : "unreadable";
  } catch {
    return "unreadable";
  }
}

async function isSignedBy(
  token: string,
  key: Parameters<typeof compactVerify>[1],
  algorithm: Algorithm,
): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
