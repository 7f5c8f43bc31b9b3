import type { Command } from "../domain/commands.ts";
import type { ReleaseId, ServiceKey } from "../domain/ids.ts";
import type { Actor, Quarantined, ReleaseBasics } from "../domain/service-state.ts";
import { statusWords } from "../domain/words.ts";
import type { Deps } from "./deps.ts";
import type { Answer, Desk } from "./desk.ts";
import { execute } from "./execute.ts";
import { requestMessage } from "./messages.ts";
import { releaseIdFor } from "./release-id.ts";

/** The desk of this process: each command is decided and durable at once; the work that it leads to is handed off. */
export function createDesk(deps: Deps): Desk {
  return {
    requestRelease: async (request) => {
      await deps.bus.publish([requestMessage(request)]);
      return { releaseId: releaseIdFor(request.requestId) };
    },
    cancel: ({ releaseId, by, reason }) =>
      onRelease(deps, { type: "cancel", at: deps.clock.now(), releaseId, by, reason }),
    approve: ({ releaseId, by }) =>
      onRelease(deps, { type: "approve", at: deps.clock.now(), releaseId, by, groups: groupsOf(deps, by) }),
    reject: ({ releaseId, by, reason }) =>
      onRelease(deps, {
        type: "reject",
        at: deps.clock.now(),
        releaseId,
        by,
        groups: groupsOf(deps, by),
        reason,
      }),
    rollBack: async ({ service, to, by, reason }) => {
      const { state } = await deps.store.load(service);
      const releaseId = releaseOf(state.active ?? state.live);
      return command(deps, service, { type: "roll-back", at: deps.clock.now(), releaseId, by, reason, to });
    },
    freeDigest: async ({ service, digest, by }) => {
      const { state } = await deps.store.load(service);
      const entry = state.quarantine.find((quarantined) => quarantined.digest === digest);
      const releaseId = entry?.releaseId ?? releaseIdFor("none");
      const at = deps.clock.now();
      const answer = await command(deps, service, { type: "free-digest", at, releaseId, by, digest });
      return answer.ok && entry ? { ...answer, message: freed(entry) } : answer;
    },
  };
}

function freed({ digest, tag }: Quarantined): string {
  return `The image ${digest.slice(0, 19)} of ${tag} may be released again: gantry deploy ${tag}`;
}

/** The release that a rollback is about; a service that Gantry never released has none, and the decider says so. */
function releaseOf(release: ReleaseBasics | null): ReleaseId {
  return release?.id ?? releaseIdFor("none");
}

/** Every name in an approver list that stands for this person: their own, and the groups that the policy puts them in. */
function groupsOf(deps: Deps, by: Actor): readonly string[] {
  const groups = Object.entries(deps.policy.approvers).filter(([, people]) => people.includes(by.name));
  return [by.name, ...groups.map(([group]) => group)];
}

async function onRelease(deps: Deps, about: Command): Promise<Answer> {
  const record = await deps.store.release(about.releaseId);
  if (record) return command(deps, record.service, about);
  return {
    ok: false,
    code: "release-not-found",
    message: `There is no release ${about.releaseId}.`,
    next: "gantry releases list",
  };
}

async function command(deps: Deps, service: ServiceKey, about: Command): Promise<Answer> {
  const executed = await execute(deps, {
    service,
    command: about,
    cause: null,
    config: null,
    goesOnWith: () => false,
  });
  if (!executed.ok) return { ok: false, ...executed.refusal };
  const releaseId =
    executed.events.find(({ type }) => type === "rollback-began")?.releaseId ?? about.releaseId;
  const record = await deps.store.release(releaseId);
  if (!record)
    return {
      ok: false,
      code: "release-not-found",
      message: `There is no release ${releaseId}.`,
      next: "gantry releases list",
    };
  return {
    ok: true,
    releaseId,
    status: record.status,
    message: `${record.tag} ${statusWords[record.status].sentence}.`,
  };
}
