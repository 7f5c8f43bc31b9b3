import type { Permission } from "../../shared/domain/capabilities.ts";
import { mayUse } from "../access/guard.ts";
import type { Identity } from "../service-deps.ts";

/** What the release allows, narrowed to what this person may do. */
export function forPerson(
  params: Readonly<{ permission: Permission; identity: Identity | null }>,
): Permission {
  const { permission, identity } = params;
  if (!permission.allowed || mayUse({ method: "POST", roles: identity?.roles ?? [] })) return permission;
  return { allowed: false, disabledReason: "The role operator is needed." };
}
