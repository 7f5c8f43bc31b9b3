import type { IdentityTokens } from "../../ports/identity-tokens.ts";
import type { Clock } from "../../ports/system.ts";
import type { TrustedIssuer } from "./token-verifier.ts";

/** The verifier of an issuer's tokens, which is loaded and made when the first token comes: most starts of a process see none. */
export function verifierOnDemand(issuer: TrustedIssuer, clock: Clock): IdentityTokens {
  let opened: Promise<IdentityTokens> | null = null;
  const open = async (): Promise<IdentityTokens> => {
    const { createTokenVerifier } = await import("./token-verifier.ts");
    return createTokenVerifier(issuer, clock);
  };
  return {
    verify: async (token) => {
      opened ??= open();
      return (await opened).verify(token);
    },
  };
}
