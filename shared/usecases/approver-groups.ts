import { knownAs } from "../domain/policy.ts";
import type { Actor } from "../domain/service-state.ts";
import type { Deps } from "./deps.ts";

const chatTimeoutMs = 2_500;

/**
 * `groups`: every name in an approver list that stands for a person now. `unasked`: groups of the policy that they may be
 * in, which nobody can tell because the chat did not answer.
 */
export type PersonsGroups = Readonly<{ groups: readonly string[]; unasked: readonly string[] }>;

/**
 * A person's own names and ids, and the groups that the policy puts them in. A member of a policy's group that begins with
 * `@` is a user group of the chat, and asked for at this moment: who left it an hour ago decides nothing. A chat that does
 * not answer puts nobody into a group.
 */
export async function groupsOf(deps: Deps, by: Actor): Promise<PersonsGroups> {
  const own = ownNames(deps, by);
  const asked = await Promise.all(
    Object.entries(deps.policy.approvers).map(async ([group, members]) => ({
      group,
      isIn: await isAmong(deps, own, members),
    })),
  );
  const of = (wanted: boolean | null) =>
    asked.filter(({ isIn }) => isIn === wanted).map(({ group }) => group);
  return { groups: [...own, ...of(true)], unasked: of(null) };
}

/** `unasked`: groups that could not be asked for; empty = the policy knows the person by no name. */
export type MayAct = Readonly<{ ok: true }> | Readonly<{ ok: false; unasked: readonly string[] }>;

/**
 * Whether a person may do in chat what is no approval: pause, resume, promote, roll back, freeze, ask for a release. Who
 * stands in the policy, among its people or in any group of approvers, may; anybody else in the workspace may look.
 */
export async function mayAct(deps: Deps, by: Actor): Promise<MayAct> {
  const { groups: names, unasked } = await groupsOf(deps, by);
  const { people, approvers } = deps.policy;
  const isKnown = names.some((name) => Object.hasOwn(people, name) || Object.hasOwn(approvers, name));
  return isKnown ? { ok: true } : { ok: false, unasked };
}

/** What people call themselves in chat is no name of theirs here: they could call themselves like anybody, or any group. */
function ownNames({ policy }: Deps, by: Actor): readonly string[] {
  const { name } = knownAs(policy, by);
  const person = Object.hasOwn(policy.people, name) ? policy.people[name] : undefined;
  const known = person === undefined ? [] : [name, ...person.slack];
  return by.id === undefined ? [name, by.name, ...known] : [by.id, ...known];
}

/** Null = it cannot be told, because a user group could not be asked for. */
async function isAmong(
  deps: Deps,
  own: readonly string[],
  members: readonly string[],
): Promise<boolean | null> {
  if (members.some((member) => own.includes(member))) return true;
  let answer: boolean | null = false;
  for (const handle of members.filter((member) => member.startsWith("@"))) {
    const people = await membersOf(deps, handle.slice(1));
    if (people === null) answer = null;
    else if (people.some((id) => own.includes(id))) return true;
  }
  return answer;
}

async function membersOf({ chat, log }: Deps, handle: string): Promise<readonly string[] | null> {
  if (chat === null) return [];
  try {
    return (await chat.groupMembers({ handle, signal: AbortSignal.timeout(chatTimeoutMs) })) ?? [];
  } catch (error) {
    log.warn(
      { group: handle, err: String(error) },
      "Could not ask who is in a user group; nobody is taken to be",
    );
    return null;
  }
}
