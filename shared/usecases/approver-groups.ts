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
  const own = ownNames(deps, by);
  const groups = await Promise.all(
    Object.entries(deps.policy.approvers).map(async ([group, members]) =>
      (await isAmong(deps, own, members)) ? [group] : [],
    ),
  );
  return [...own, ...groups.flat()];
}

/**
 * Whether a person may do in chat what is no approval: pause, resume, promote, roll back, ask for a release. Who stands in
 * the policy, among its people or in any group of approvers, may; anybody else in the workspace may look.
 */
export async function mayAct(deps: Deps, by: Actor): Promise<boolean> {
  const names = await groupsOf(deps, by);
  const { people, approvers } = deps.policy;
  return names.some((name) => Object.hasOwn(people, name) || Object.hasOwn(approvers, name));
}

/** What people call themselves in chat is no name of theirs here: they could call themselves like anybody, or any group. */
function ownNames({ policy }: Deps, by: Actor): readonly string[] {
  const { name } = knownAs(policy, by);
  const person = Object.hasOwn(policy.people, name) ? policy.people[name] : undefined;
  const known = person === undefined ? [] : [name, ...person.slack];
  return by.id === undefined ? [name, by.name, ...known] : [by.id, ...known];
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
