import { pushIssuer } from "../../shared/adapters/oidc/google-issuers.ts";
import { createTokenVerifier } from "../../shared/adapters/oidc/token-verifier.ts";
import type { Clock } from "../../shared/ports/system.ts";
import type { PushIdentity } from "./google-settings.ts";

/** Whether whoever pushes may. `refused`: never. `unknown`: nobody can tell now, so the push may come again. */
export type PushVerdict = Readonly<{ verdict: "trusted" } | { verdict: "refused" | "unknown"; why: string }>;

/** Judges the `Authorization` header of a push. */
export type PushTrust = (authorization: string | undefined) => Promise<PushVerdict>;

/**
 * A push must carry a token that Google signed for this audience in the name of the one account. Beside Google's emulator,
 * which signs nothing, everybody is trusted unless an account is named; anywhere else nobody is.
 */
export function pushTrust(
  { push, isEmulated }: Readonly<{ push: PushIdentity | null; isEmulated: boolean }>,
  clock: Clock,
): PushTrust {
  if (push === null) {
    const why =
      "this process was not told whose pushes to take: GANTRY_PUSH_ACCOUNT and GANTRY_PUSH_AUDIENCE";
    return async () => (isEmulated ? { verdict: "trusted" } : { verdict: "refused", why });
  }
  const { account, audience, keysUrl } = push;
  const issuer = pushIssuer({ account, audience, ...(keysUrl === null ? {} : { keysUrl }) });
  const tokens = createTokenVerifier(issuer, clock);
  return async (authorization) => {
    const [, token] = /^Bearer (\S{1,8192})$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) return { verdict: "refused", why: "it carries no token" };
    const verdict = await tokens.verify(token);
    if (verdict.ok) return { verdict: "trusted" };
    if (verdict.reason === "keys-unavailable") return { verdict: "unknown", why: verdict.why };
    return { verdict: "refused", why: `its token is not believed: ${verdict.reason}` };
  };
}
