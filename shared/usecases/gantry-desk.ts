import type { Command, RefusalCode } from "../domain/commands.ts";
import type { DecisionKind } from "../domain/events.ts";
import type { ReleaseId, ServiceKey, Timestamp } from "../domain/ids.ts";
import { knownAs } from "../domain/policy.ts";
import type { Actor, Quarantined, ReleaseBasics } from "../domain/service-state.ts";
import { statusWords } from "../domain/words.ts";
import { groupsOf } from "./approver-groups.ts";
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
      onRelease(deps, (at) => ({ type: "cancel", at, releaseId, by, reason })),
    approve: async ({ releaseId, by, approvalId }) => {
      const groups = await groupsOf(deps, by);
      return onRelease(deps, (at) => ({ type: "approve", at, releaseId, by, groups, approvalId }));
    },
    reject: async ({ releaseId, by, approvalId, reason }) => {
      const groups = await groupsOf(deps, by);
      return onRelease(deps, (at) => ({ type: "reject", at, releaseId, by, groups, approvalId, reason }));
    },
    pause: ({ releaseId, by }) => onRelease(deps, (at) => ({ type: "pause", at, releaseId, by })),
    resume: ({ releaseId, by }) => onRelease(deps, (at) => ({ type: "resume", at, releaseId, by })),
    promote: ({ releaseId, by }) => onRelease(deps, (at) => ({ type: "promote", at, releaseId, by })),
    noteStranger: async ({ releaseId, by, wanted }) => {
      const record = await deps.store.release(releaseId);
      const refused = { releaseId, by, wanted, code: "not-a-member" } as const;
      if (record) await note(deps, record.service, refused);
    },
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

type PersonsCommand = Extract<Command, { type: DecisionKind }>;

async function onRelease(deps: Deps, about: (at: Timestamp) => PersonsCommand): Promise<Answer> {
  const asked = about(deps.clock.now());
  const decision = { ...asked, by: knownAs(deps.policy, asked.by) };
  const record = await deps.store.release(decision.releaseId);
  if (record) return command(deps, record.service, decision);
  return notFound(decision.releaseId);
}

function notFound(releaseId: ReleaseId): Answer {
  const message = `There is no release ${releaseId}.`;
  return { ok: false, code: "release-not-found", message, next: "gantry releases list" };
}

async function command(deps: Deps, service: ServiceKey, about: PersonsCommand): Promise<Answer> {
  const executed = await execute(deps, {
    service,
    command: about,
    cause: null,
    config: null,
    goesOnWith: () => false,
  });
  if (!executed.ok) {
    const { releaseId, by, type: wanted } = about;
    await note(deps, service, { releaseId, by, wanted, code: executed.refusal.code });
    return { ok: false, ...executed.refusal };
  }
  const releaseId =
    executed.events.find(({ type }) => type === "rollback-began")?.releaseId ?? about.releaseId;
  const record = await deps.store.release(releaseId);
  if (!record) return notFound(releaseId);
  return {
    ok: true,
    releaseId,
    status: record.status,
    message: `${record.tag} ${statusWords[record.status].sentence}.`,
  };
}

type Refused = Readonly<{ releaseId: ReleaseId; by: Actor; wanted: DecisionKind; code: RefusalCode }>;

/** Who wanted what and why not belongs to the release's story as much as what was decided. */
async function note(deps: Deps, service: ServiceKey, refused: Refused): Promise<void> {
  if ((await deps.store.release(refused.releaseId)) === null) return;
  const about: Command = { type: "note-refusal", at: deps.clock.now(), ...refused };
  await execute(deps, { service, command: about, cause: null, config: null, goesOnWith: () => false });
}
