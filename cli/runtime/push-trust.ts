import { behindIam } from "../../shared/adapters/oidc/behind-iam.ts";
import { pushIssuer } from "../../shared/adapters/oidc/google-issuers.ts";
import { verifierOnDemand } from "../../shared/adapters/oidc/token-verifier-on-demand.ts";
import type { SentHeaders } from "../../shared/ports/identity-tokens.ts";
import type { Clock } from "../../shared/ports/system.ts";
import type { PushIdentity } from "./google-settings.ts";

/** Whether whoever pushes may. `refused`: never. `unknown`: nobody can tell now, so the push may come again. */
export type PushVerdict = Readonly<{ verdict: "trusted" } | { verdict: "refused" | "unknown"; why: string }>;

/** Judges what a push shows for itself in its headers. */
export type PushTrust = (headers: SentHeaders) => Promise<PushVerdict>;

type TrustSettings = Readonly<{ push: PushIdentity | null; isEmulated: boolean; isBehindIam?: boolean }>;

/**
 * A push must carry a token that Google signed for this audience in the name of the one account. Beside Google's emulator,
 * which signs nothing, everybody is trusted unless an account is named; anywhere else nobody is. `isBehindIam`: only for a
 * process that Cloud Run lets nobody reach but who may, for it then removes the signature that it has checked. Beside
 * `X-Serverless-Authorization` it checks that header alone and passes `Authorization` on as it was sent
 * (https://cloud.google.com/run/docs/authenticating/service-to-service), so that a signature which is missing there counts for nothing.
 */
export function pushTrust({ push, isEmulated, isBehindIam = false }: TrustSettings, clock: Clock): PushTrust {
  if (push === null) {
    const why =
      "this process was not told whose pushes to take: GANTRY_PUSH_ACCOUNT and GANTRY_PUSH_AUDIENCE";
    return async () => (isEmulated ? { verdict: "trusted" } : { verdict: "refused", why });
  }
  const { account, audience, keysUrl } = push;
  const issuer = pushIssuer({ account, audience, ...(keysUrl === null ? {} : { keysUrl }) });
  const signed = verifierOnDemand(issuer, clock);
  const checkedByIam = behindIam(signed, { expected: issuer.expected, clock });
  return async ({ authorization = [], "x-serverless-authorization": checkedInstead }) => {
    if (authorization.length > 1) return { verdict: "refused", why: "it carries more than one token" };
    const [, token] = /^Bearer (\S{1,8192})$/i.exec(authorization[0] ?? "") ?? [];
    if (token === undefined) return { verdict: "refused", why: "it carries no token" };
    const tokens = isBehindIam && checkedInstead === undefined ? checkedByIam : signed;
    const verdict = await tokens.verify(token);
    if (verdict.ok) return { verdict: "trusted" };
    if (verdict.reason === "keys-unavailable") return { verdict: "unknown", why: verdict.why };
    return { verdict: "refused", why: `its token is not believed: ${verdict.reason}` };
  };
}
