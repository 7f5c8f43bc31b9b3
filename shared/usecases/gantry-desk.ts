import type { Command, RefusalCode } from "../domain/commands.ts";
import type { DecisionKind } from "../domain/events.ts";
import type { ReleaseId, ServiceKey, Timestamp } from "../domain/ids.ts";
import { knownAs } from "../domain/policy.ts";
import { wordsOf } from "../domain/release-words.ts";
import type { Actor, Quarantined, ReleaseBasics } from "../domain/service-state.ts";
import { groupsOf } from "./approver-groups.ts";
import type { Deps } from "./deps.ts";
import type { Answer, Desk, ReleaseRequest } from "./desk.ts";
import { execute } from "./execute.ts";
import { requestMessage } from "./messages.ts";
import { planRelease } from "./plan-release.ts";
import { releaseIdFor, requestIdOf } from "./release-id.ts";
import { inTrace } from "./tell-recorded.ts";
import { createWarmDesk } from "./warm-desk.ts";

/** The desk of this process: each command is decided and durable at once; the work that it leads to is handed off. */
export function createDesk(deps: Deps): Desk {
  return {
    requestRelease: (request) => requestRelease(deps, request),
    cancel: ({ releaseId, by, reason }) =>
      onRelease(deps, (at) => ({ type: "cancel", at, releaseId, by, reason })),
    approve: async ({ releaseId, by, approvalId, cause }) => {
      const groups = await groupsOf(deps, by);
      return onRelease(deps, (at) => ({ type: "approve", at, releaseId, by, ...groups, approvalId }), cause);
    },
    reject: async ({ releaseId, by, approvalId, reason, cause }) => {
      const groups = await groupsOf(deps, by);
      return onRelease(
        deps,
        (at) => ({ type: "reject", at, releaseId, by, ...groups, approvalId, reason }),
        cause,
      );
    },
    pause: ({ releaseId, by, cause }) =>
      onRelease(deps, (at) => ({ type: "pause", at, releaseId, by }), cause),
    resume: ({ releaseId, by, cause }) =>
      onRelease(deps, (at) => ({ type: "resume", at, releaseId, by }), cause),
    promote: ({ releaseId, by, cause }) =>
      onRelease(deps, (at) => ({ type: "promote", at, releaseId, by }), cause),
    noteRefused: async ({ cause = null, ...refused }) => {
      const record = await deps.store.release(refused.releaseId);
      if (record) await note(deps, record.service, { ...refused, cause });
    },
    rollBack: async ({ service, to, by, reason, cause = null }) => {
      const { state } = await deps.store.load(service);
      const releaseId = releaseOf(state.active ?? state.live);
      const about = { type: "roll-back", at: deps.clock.now(), releaseId, by, reason, to } as const;
      return command(deps, service, about, cause);
    },
    acceptChanges: (acceptance) => acceptChanges(deps, acceptance),
    plan: (request) => planRelease(deps, request),
    freeDigest: async ({ service, digest, by }) => {
      const { state } = await deps.store.load(service);
      const entry = state.quarantine.find((quarantined) => quarantined.digest === digest);
      const releaseId = entry?.releaseId ?? releaseIdFor("none");
      const at = deps.clock.now();
      const answer = await command(deps, service, { type: "free-digest", at, releaseId, by, digest });
      return answer.ok && entry ? { ...answer, message: freed(entry) } : answer;
    },
    ...createWarmDesk(deps),
  };
}

async function acceptChanges(
  deps: Deps,
  { service, by, reason, cause }: Parameters<Desk["acceptChanges"]>[0],
): Promise<Answer> {
  const { state } = await deps.store.load(service);
  const releaseId = state.left?.releaseId ?? releaseOf(state.active ?? state.live);
  const at = deps.clock.now();
  const about = { type: "accept-changes", at, releaseId, by: knownAs(deps.policy, by), reason } as const;
  const answer = await command(deps, service, about, cause ?? null);
  return answer.ok ? { ...answer, message: accepted(service) } : answer;
}

function accepted(service: ServiceKey): string {
  return `${service} is taken as it is now, and releases go on: gantry deploy TAG`;
}

/** The first step of every release: where its trace begins, whoever asks. */
async function requestRelease(deps: Deps, asked: ReleaseRequest) {
  const deliveryId = requestIdOf(asked.requestId);
  const request = { ...asked, requestId: deliveryId };
  const { repository, tag } = request;
  const releaseId = releaseIdFor(deliveryId);
  const attributes = { "gantry.repository": repository, ...(tag === null ? {} : { "gantry.tag": tag }) };
  const step = { name: "request release", kind: "server", parent: null, attributes } as const;
  await deps.tracing.within({ ...step, facts: { releaseId, deliveryId } }, () =>
    deps.bus.publish([inTrace(deps, requestMessage(request), releaseId)]),
  );
  return { releaseId };
}

function freed({ digest, tag }: Quarantined): string {
  return `The image ${digest.slice(0, 19)} of ${tag} may be released again: gantry deploy ${tag}`;
}

/** The release that a rollback is about; a service that Gantry never released has none, and the decider says so. */
function releaseOf(release: ReleaseBasics | null): ReleaseId {
  return release?.id ?? releaseIdFor("none");
}

type PersonsCommand = Extract<Command, { type: DecisionKind }>;

async function onRelease(
  deps: Deps,
  about: (at: Timestamp) => PersonsCommand,
  cause: string | null = null,
): Promise<Answer> {
  const asked = about(deps.clock.now());
  const decision = { ...asked, by: knownAs(deps.policy, asked.by) };
  const record = await deps.store.release(decision.releaseId);
  if (record) return command(deps, record.service, decision, cause);
  return notFound(decision.releaseId);
}

function notFound(releaseId: ReleaseId): Answer {
  const message = `There is no release ${releaseId}.`;
  return { ok: false, code: "release-not-found", message, next: "gantry releases list" };
}

async function command(
  deps: Deps,
  service: ServiceKey,
  about: PersonsCommand,
  cause: string | null = null,
): Promise<Answer> {
  const executed = await execute(deps, {
    service,
    command: about,
    cause,
    config: null,
    goesOnWith: () => false,
  });
  if (!executed.ok) {
    const { releaseId, by, type: wanted } = about;
    await note(deps, service, { releaseId, by, wanted, code: executed.refusal.code, cause });
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
    message: `${record.tag} ${wordsOf(record).sentence}.`,
  };
}

type Refused = Readonly<{
  releaseId: ReleaseId;
  by: Actor;
  wanted: DecisionKind;
  code: RefusalCode;
  cause: string | null;
}>;

/** Who wanted what and why not belongs to the release's story as much as what was decided. */
async function note(deps: Deps, service: ServiceKey, { cause, ...refused }: Refused): Promise<void> {
  if ((await deps.store.release(refused.releaseId)) === null) return;
  const by = knownAs(deps.policy, refused.by);
  const about: Command = { type: "note-refusal", at: deps.clock.now(), ...refused, by };
  await execute(deps, { service, command: about, cause, config: null, goesOnWith: () => false });
}
