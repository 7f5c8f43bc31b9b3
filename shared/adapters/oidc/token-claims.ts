import { decodeJwt } from "jose";
import { z } from "zod";
import type { TokenClaims } from "../../domain/identity-token.ts";

/** Longer than any token of Google's by far. */
const maxTokenLength = 8_192;

const seconds = z.number().finite().nullable().catch(null).default(null);
const text = z.string().nullable().catch(null).default(null);

const claimsSchema = z
  .object({
    iss: text,
    aud: text,
    email: text,
    email_verified: z.unknown().optional(),
    hd: text,
    iat: seconds,
    exp: seconds,
    nbf: seconds,
  })
  .transform(
    ({ iss, aud, email, email_verified, hd, iat, exp, nbf }): TokenClaims => ({
      issuer: iss,
      audience: aud,
      email,
      isEmailVerified: email_verified === true,
      hostedDomain: hd,
      issuedAt: iat,
      expiresAt: exp,
      notBefore: nbf,
    }),
  );

/** What a token claims, believed or not; null = it is no token. */
export function readClaims(token: string): TokenClaims | null {
  if (token.length > maxTokenLength) return null;
  try {
    return claimsSchema.safeParse(decodeJwt(token)).data ?? null;
  } catch {
    return null;
  }
}
