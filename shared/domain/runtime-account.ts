import { matchesGlob, type Policy, rulesOf } from "./policy.ts";
import type { Guardrails, RuntimeConfig, ServiceIdentity } from "./release-config.ts";

/** Whom the policy lets `gantry.yaml` of a repository make a service run as, as globs; empty = nobody new. */
export function accountsFor(
  policy: Policy,
  release: Readonly<{ repository: string; service: ServiceIdentity }>,
): readonly string[] {
  return rulesOf(policy, release).flatMap(({ accounts }) => accounts);
}

/** What is asked about the account of a new revision. */
export type AccountQuestion = Readonly<{
  config: Readonly<{ runtime: RuntimeConfig; guardrails: Guardrails }>;
  /** The service as it is: whom it runs as, null = the project's default account; `live` null = there is no service yet. */
  live: Readonly<{ serviceAccount: string | null }> | null;
  accounts: readonly string[]; // `accountsFor`
}>;

/**
 * Why `gantry.yaml` may not choose the account that it names, as a sentence; null = it may, or it names none. Gantry may act as
 * the accounts of all its services, so only whom a service runs as already needs no word of the operator.
 */
export function accountRefusal({ config, live, accounts }: AccountQuestion): string | null {
  const { runtime, guardrails } = config;
  const named = runtime.serviceAccount ?? (live === null ? guardrails.serviceAccount : null); // they shape a first deploy
  if (named === null || named === live?.serviceAccount) return null;
  if (accounts.some((glob) => matchesGlob(glob, named))) return null;
  const now =
    live === null
      ? "the service does not exist yet"
      : `the service runs as ${live.serviceAccount ?? "the project's default account"}`;
  const allowed = accounts.length === 0 ? "names no account" : `names only ${accounts.join(", ")}`;
  return `gantry.yaml names the service account ${named}; ${now}, and the rule of this repository in gantry.policy.yaml ${allowed}.`;
}
