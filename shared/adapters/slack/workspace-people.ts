import { z } from "zod";
import type { ChatPerson } from "../../ports/chat.ts";
import type { OwnIdentity } from "./own-identity.ts";
import type { SlackApi } from "./slack-api.ts";
import { slackCodeOf } from "./slack-error.ts";

const flag = z.boolean().default(false);

const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  team_id: z.string().optional(),
  deleted: flag,
  is_bot: flag,
  is_restricted: flag,
  is_ultra_restricted: flag,
  is_stranger: flag,
  enterprise_user: z.object({ teams: z.array(z.string()).default([]) }).optional(),
});

type User = z.output<typeof userSchema>;
type Asked<T> = Readonly<T & { signal: AbortSignal }>;

const unknownPerson = new Set(["user_not_found", "user_not_visible", "users_not_found"]);

/**
 * Null = nobody of this workspace: unknown, or somebody of another one who shares a channel. The name is the account's,
 * which is unique in the workspace; a display name may be anybody's.
 */
export async function findPerson(
  api: SlackApi,
  { id, own, signal }: Asked<{ id: string; own: OwnIdentity }>,
): Promise<ChatPerson | null> {
  if (!/^[UW][A-Z0-9]{1,30}$/.test(id)) return null;
  const answer = z.object({ user: userSchema });
  try {
    const call = { method: "users.info", args: { user: id }, answer, repeatable: true, signal };
    const { user } = await api.call(call);
    return isOfTeam(user, own.teamId) ? { id: user.id, name: user.name, kind: kindOf(user) } : null;
  } catch (error) {
    if (unknownPerson.has(slackCodeOf(error) ?? "")) return null;
    throw error;
  }
}

function isOfTeam(user: User, teamId: string): boolean {
  if (user.is_stranger) return false;
  return user.team_id === teamId || (user.enterprise_user?.teams.includes(teamId) ?? false);
}

function kindOf(user: User): ChatPerson["kind"] {
  if (user.deleted) return "deactivated";
  if (user.is_bot || user.id === "USLACKBOT") return "bot";
  return user.is_restricted || user.is_ultra_restricted ? "guest" : "member";
}

/** Ids of the people in an enabled user group; null = there is no such group. */
export async function findGroupMembers(
  api: SlackApi,
  { handle, signal }: Asked<{ handle: string }>,
): Promise<readonly string[] | null> {
  const id = await groupId(api, { handle, signal });
  if (id === null) return null;
  const answer = z.object({ users: z.array(z.string()) });
  try {
    const args = { usergroup: id, include_disabled: false };
    const call = { method: "usergroups.users.list", args, answer, repeatable: true, signal };
    return (await api.call(call)).users;
  } catch (error) {
    if (slackCodeOf(error) === "no_such_subteam") return null;
    throw error;
  }
}

async function groupId(api: SlackApi, { handle, signal }: Asked<{ handle: string }>): Promise<string | null> {
  const group = z.object({ id: z.string(), handle: z.string(), date_delete: z.number().default(0) });
  const answer = z.object({ usergroups: z.array(group) });
  const args = { include_disabled: false };
  const call = { method: "usergroups.list", args, answer, repeatable: true, signal };
  const { usergroups } = await api.call(call);
  return usergroups.find((each) => each.handle === handle && each.date_delete === 0)?.id ?? null;
}
