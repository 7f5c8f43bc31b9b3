import type { GoogleAccount } from "./identity-token.ts";
import { isSameName } from "./person-name.ts";
import { type Policy, personNamed } from "./policy.ts";

/** What somebody may do over HTTP: a viewer reads, an operator also decides and changes. */
export type Role = "viewer" | "operator";

/** The roles that the policy gives whoever signed in to Google with this account; none = the policy does not name them. */
export function rolesOf(policy: Policy, account: GoogleAccount): readonly Role[] {
  const person = personNamed(policy, { google: account.email });
  const names = (rules: readonly string[]): boolean => rules.some((rule) => isNamedBy(rule, account, person));
  const { viewers, operators } = policy.access;
  if (names(operators)) return ["viewer", "operator"];
  return names(viewers) ? ["viewer"] : [];
}

/** `*@example.com` is everybody whose address ends so and is the domain's own, and nobody of a domain that only looks like it. */
function isNamedBy(rule: string, { email, hostedDomain }: GoogleAccount, person: string | null): boolean {
  if (!rule.includes("@")) return person !== null && isSameName(rule, person);
  if (!rule.startsWith("*@")) return isSameName(rule, email);
  const at = email.lastIndexOf("@");
  const domain = rule.slice(2);
  return at > 0 && isSameName(domain, email.slice(at + 1)) && isKeeper(domain, hostedDomain);
}

/**
 * Whether the domain gives out and takes back the account. Anybody who once had an address of it may have made a personal account
 * for it, which outlives the address: Google speaks for a domain only in `hd`, and for its own
 * (https://developers.google.com/identity/gsi/web/guides/verify-google-id-token).
 */
function isKeeper(domain: string, hostedDomain: string | null): boolean {
  return isSameName(domain, hostedDomain ?? "") || /(?:^gmail|\.gserviceaccount)\.com$/i.test(domain);
}
