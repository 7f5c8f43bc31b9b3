import type { TrustedIssuer } from "./token-verifier.ts";

/** Both spellings: https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload */
const googleIssuers = ["https://accounts.google.com", "accounts.google.com"];

/** `jwks_uri` of https://accounts.google.com/.well-known/openid-configuration */
const googleKeys = "https://www.googleapis.com/oauth2/v3/certs";

/** https://cloud.google.com/iap/docs/signed-headers-howto */
const iap = {
  issuer: "https://cloud.google.com/iap",
  keys: "https://www.gstatic.com/iap/verify/public_key-jwk",
};

/** Where the keys lie; other places than Google's own are for tests and for a local signer. */
type Keys = Readonly<{ keysUrl?: string }>;

/**
 * Calls that Pub/Sub and Cloud Scheduler push: signed by Google, for this audience, in the name of the one account
 * (https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions).
 */
export function pushIssuer({
  audience,
  account,
  keysUrl = googleKeys,
}: Readonly<{ audience: string; account: string }> & Keys): TrustedIssuer {
  const expected = { issuers: googleIssuers, audience, email: account, needsVerifiedEmail: true };
  return { expected, algorithm: "RS256", keysUrl };
}

/** Identity tokens of Google's for an audience of our own, as `gcloud auth print-identity-token` prints them for service accounts. */
export function signInIssuer({
  audience,
  keysUrl = googleKeys,
}: Readonly<{ audience: string }> & Keys): TrustedIssuer {
  const expected = { issuers: googleIssuers, audience, email: null, needsVerifiedEmail: true };
  return { expected, algorithm: "RS256", keysUrl };
}

/** Whom Identity-Aware Proxy let through: the header `x-goog-iap-jwt-assertion`. */
export function iapIssuer({
  audience,
  keysUrl = iap.keys,
}: Readonly<{ audience: string }> & Keys): TrustedIssuer {
  const expected = { issuers: [iap.issuer], audience, email: null, needsVerifiedEmail: false };
  return { expected, algorithm: "ES256", keysUrl };
}
