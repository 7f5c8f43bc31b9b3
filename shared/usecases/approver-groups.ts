import { knownAs } from "../domain/policy.ts";
import type { Actor } from "../domain/service-state.ts";
import type { Deps } from "./deps.ts";

const chatTimeoutMs = 2_500;

/**
 * Every name in an approver list that stands for this person now: their own names and ids, and the groups that the policy
 * puts them in. A member of a policy's group that begins with `@` is a user group of the chat, and asked for at this
 * moment: who left it an hour ago decides nothing. A chat that does not answer puts nobody into a group.
 */
export async function groupsOf(deps: Deps, by: Actor): Promise<readonly string[]> {
  const { name } = knownAs(deps.policy, by);
  const slack = Object.hasOwn(deps.policy.people, name) ? (deps.policy.people[name]?.slack ?? []) : [];
  const own = [name, by.name, ...(by.id === undefined ? [] : [by.id]), ...slack];
  const groups = await Promise.all(
    Object.entries(deps.policy.approvers).map(async ([group, members]) =>
      (await isAmong(deps, own, members)) ? [group] : [],
    ),
  );
  return [...own, ...groups.flat()];
}

async function isAmong(deps: Deps, own: readonly string[], members: readonly string[]): Promise<boolean> {
  if (members.some((member) => own.includes(member))) return true;
  const handles = members.filter((member) => member.startsWith("@"));
  for (const handle of handles) {
    const people = await membersOf(deps, handle.slice(1));
    if (people.some((id) => own.includes(id))) return true;
  }
  return false;
}

async function membersOf({ chat, log }: Deps, handle: string): Promise<readonly string[]> {
  if (chat === null) return [];
  try {
    return (await chat.groupMembers({ handle, signal: AbortSignal.timeout(chatTimeoutMs) })) ?? [];
  } catch (error) {
    log.warn(
      { group: handle, err: String(error) },
      "Could not ask who is in a user group; nobody is taken to be",
    );
    return [];
  }
}
