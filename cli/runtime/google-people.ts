import type { GooglePeople } from "../../service/service-deps.ts";
import { iapIssuer, signInIssuer } from "../../shared/adapters/oidc/google-issuers.ts";
import { verifierOnDemand } from "../../shared/adapters/oidc/token-verifier-on-demand.ts";
import { rolesOf } from "../../shared/domain/access.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import type { Clock } from "../../shared/ports/system.ts";

/** How people come whom Google signed in, each by the audience that their tokens must name; null = not at all. */
export type PeopleSettings = Readonly<{
  iap: string | null;
  signIn: string | null;
  /** Of a signer that stands in for Google in tests; without it Google's own keys. */
  keysUrl?: string;
}>;

/** What checks them; null where no way in is open. Google's keys, and what reads them, are loaded when somebody comes. */
export function googlePeople(
  { iap, signIn, keysUrl }: PeopleSettings,
  { policy, clock }: Readonly<{ policy: Policy; clock: Clock }>,
): GooglePeople | null {
  if (iap === null && signIn === null) return null;
  const keys = keysUrl === undefined ? {} : { keysUrl };
  return {
    iap: iap === null ? null : verifierOnDemand(iapIssuer({ audience: iap, ...keys }), clock),
    signIn: signIn === null ? null : verifierOnDemand(signInIssuer({ audience: signIn, ...keys }), clock),
    rolesOf: (account) => rolesOf(policy, account),
  };
}
