import { isSameName } from "./person-name.ts";
import { type Policy, personNamed } from "./policy.ts";

/** What somebody may do over HTTP: a viewer reads, an operator also decides and changes. */
export type Role = "viewer" | "operator";

/** The roles that the policy gives whoever signed in to Google with this address; none = the policy does not name them. */
export function rolesOf(policy: Policy, email: string): readonly Role[] {
  const person = personNamed(policy, { google: email });
  const names = (rules: readonly string[]): boolean => rules.some((rule) => isNamedBy(rule, email, person));
  const { viewers, operators } = policy.access;
  if (names(operators)) return ["viewer", "operator"];
  return names(viewers) ? ["viewer"] : [];
}

/** `*@example.com` is everybody whose address ends so, and nobody of another domain that only looks like it. */
function isNamedBy(rule: string, email: string, person: string | null): boolean {
  if (!rule.includes("@")) return person !== null && isSameName(rule, person);
  if (!rule.startsWith("*@")) return isSameName(rule, email);
  const at = email.lastIndexOf("@");
  return at > 0 && isSameName(rule.slice(1), email.slice(at));
}
