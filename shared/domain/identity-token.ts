import { longestName } from "./person-name.ts";

/** The claims of an identity token that Gantry looks at. Null = the token does not say; times are seconds since 1970. */
export type TokenClaims = Readonly<{
  issuer: string | null;
  audience: string | null; // null also where it names several
  email: string | null;
  isEmailVerified: boolean;
  hostedDomain: string | null;
  issuedAt: number | null;
  expiresAt: number | null;
  notBefore: number | null;
}>;

/** Whom Google signed in. `hostedDomain`: whose Google Workspace keeps the account; null = a personal or a service account. */
export type GoogleAccount = Readonly<{ email: string; hostedDomain: string | null }>;

/** What a token must say to be believed. */
export type ExpectedToken = Readonly<{
  issuers: readonly string[];
  audience: string; // exactly
  /** The one identity that may come; null = anybody whom the issuer knows by mail. */
  email: string | null;
  /** False only where the issuer vouches for every address that it names, as IAP does. */
  needsVerifiedEmail: boolean;
}>;

/** Why an identity token is not believed. */
export type TokenRefusal =
  | "unreadable"
  | "algorithm"
  | "issuer"
  | "audience"
  | "expired"
  | "not-yet-valid"
  | "too-long-lived"
  | "email-missing"
  | "email-unverified"
  | "caller"
  | "key-unknown"
  | "signature";

/** Clocks of two machines may differ by this much. Google's own advice for IAP is the same 30 s. */
export const clockSkewS = 30;

/** Google's identity tokens live for an hour, those of IAP for ten minutes (https://cloud.google.com/iap/docs/signed-headers-howto). */
export const longestLifeS = 3_600;

/** The first thing about the claims that does not hold; null = they hold. The signature is somebody else's matter. */
export function claimRefusal(
  claims: TokenClaims,
  expected: ExpectedToken,
  nowS: number,
): Exclude<TokenRefusal, "algorithm" | "key-unknown" | "signature"> | null {
  if (claims.issuer === null || !expected.issuers.includes(claims.issuer)) return "issuer";
  if (claims.audience !== expected.audience) return "audience";
  return timeRefusal(claims, nowS) ?? callerRefusal(claims, expected);
}

function timeRefusal(
  { issuedAt, expiresAt, notBefore }: TokenClaims,
  nowS: number,
): "unreadable" | "expired" | "not-yet-valid" | "too-long-lived" | null {
  if (issuedAt === null || expiresAt === null) return "unreadable";
  if (expiresAt - issuedAt > longestLifeS + clockSkewS) return "too-long-lived";
  if (nowS >= expiresAt + clockSkewS) return "expired";
  return Math.max(issuedAt, notBefore ?? issuedAt) > nowS + clockSkewS ? "not-yet-valid" : null;
}

function callerRefusal(
  { email, isEmailVerified }: TokenClaims,
  expected: ExpectedToken,
): "email-missing" | "email-unverified" | "caller" | null {
  if (email === null || email === "" || email.length > longestName) return "email-missing";
  if (expected.needsVerifiedEmail && !isEmailVerified) return "email-unverified";
  return expected.email === null || email === expected.email ? null : "caller";
}

/** The refusal in words for whoever set the caller up; it tells nothing that the caller did not send. */
export const refusalWords: Readonly<Record<TokenRefusal, string>> = {
  unreadable: "it is no JSON Web Token with the usual claims",
  algorithm: "it is signed by another algorithm than the issuer uses",
  issuer: "somebody else issued it",
  audience: "it is meant for another service",
  expired: "it has expired",
  "not-yet-valid": "it is not valid yet",
  "too-long-lived": "it is valid for longer than an hour",
  "email-missing": "it names no mail address",
  "email-unverified": "its mail address is not verified",
  caller: "it names another account than the one expected",
  "key-unknown": "the issuer has no such key",
  signature: "its signature is wrong",
};
