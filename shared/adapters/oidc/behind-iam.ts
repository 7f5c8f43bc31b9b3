import { claimRefusal, type ExpectedToken } from "../../domain/identity-token.ts";
import type { IdentityTokens } from "../../ports/identity-tokens.ts";
import type { Clock } from "../../ports/system.ts";
import { readClaims } from "./token-claims.ts";

/** What Cloud Run puts in the place of a signature: https://cloud.google.com/run/docs/troubleshooting#signature-removed */
const removed = ".SIGNATURE_REMOVED_BY_GOOGLE";

/**
 * Takes a token for signed, too, whose signature Cloud Run removed, as it does once IAM has checked it and let the caller in.
 * What the token says is checked all the same: IAM lets in whoever has `run.invoker`, and this one account alone is expected.
 * ONLY for a process that nobody reaches past IAM, and for the one token of the request that IAM checked: any other anyone
 * could have written so.
 */
export function behindIam(
  tokens: IdentityTokens,
  { expected, clock }: Readonly<{ expected: ExpectedToken; clock: Clock }>,
): IdentityTokens {
  return {
    verify: async (token) => {
      if (!token.endsWith(removed)) return tokens.verify(token);
      const claims = readClaims(token);
      if (claims === null) return { ok: false, reason: "unreadable" };
      const reason = claimRefusal(claims, expected, clock.now() / 1_000);
      const { email, hostedDomain } = claims;
      return reason === null ? { ok: true, email: email ?? "", hostedDomain } : { ok: false, reason };
    },
  };
}
