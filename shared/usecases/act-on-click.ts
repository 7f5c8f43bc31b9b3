import type { ChatContent } from "../domain/chat-blocks.ts";
import { type DecisionRefusal, decisionReply } from "../domain/decision-reply.ts";
import { parseReleaseId, type ReleaseId } from "../domain/ids.ts";
import { personNamed } from "../domain/policy.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { Actor } from "../domain/service-state.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import type { ChatPerson } from "../ports/chat.ts";
import { peopleOf } from "./chat-content.ts";
import { type Click, readClick } from "./click.ts";
import type { Deps } from "./deps.ts";
import type { Answer } from "./desk.ts";
import { createDesk } from "./gantry-desk.ts";
import { plainReply, slashCommand } from "./slash-command.ts";

const callMs = 10_000;

type Decision = Extract<Click, { kind: "decision" }>;

/**
 * Carries out what somebody clicked or typed in chat. Who they are is asked for now, not taken from the click; what they
 * may do is decided where the CLI and the API are decided too; a no is said to them alone.
 */
export async function actOnClick(deps: Deps, event: PubSubEvent): Promise<void> {
  const click = readClick(event);
  const { chat } = deps;
  if (chat === null) return;
  const person =
    click.kind === "stranger"
      ? null
      : await chat.person({ id: click.user.id, signal: AbortSignal.timeout(callMs) });
  const content = await replyTo(deps, click, person);
  if (content === null) return;
  const { channel, thread, user } = click;
  await chat.whisper({ channel, person: user.id, thread, content, signal: AbortSignal.timeout(callMs) });
}

async function replyTo(deps: Deps, click: Click, person: ChatPerson | null): Promise<ChatContent | null> {
  const by = actorOf(deps, click, person);
  if (click.kind === "stranger")
    return plainReply("Gantry knows you in no workspace of its own, so nothing was decided.");
  const kind = person === null ? "stranger" : person.kind;
  if (click.kind === "command")
    return kind === "member"
      ? slashCommand(deps, click, by)
      : plainReply("Only members of this workspace may ask Gantry.");
  const releaseId = parseReleaseId(click.release);
  const record = releaseId && (await deps.store.release(releaseId));
  if (!record) return plainReply("The release of this button is not known any more.");
  if (kind === "member") return decide(deps, { click, record, by });
  await createDesk(deps).noteStranger({ releaseId: record.id, by, wanted: click.decision });
  return decisionReply({ code: "not-a-member", kind }, { record, people: peopleOf(deps) });
}

/** The name that the policy knows this person by, whatever they call themselves in chat. */
function actorOf(deps: Deps, { user }: Click, person: ChatPerson | null): Actor {
  const name = personNamed(deps.policy, { slack: user.id }) ?? person?.name ?? user.name;
  return { kind: "person", name, id: user.id, via: "slack" };
}

type Deciding = Readonly<{ click: Decision; record: ReleaseRecord; by: Actor }>;

async function decide(deps: Deps, deciding: Deciding): Promise<ChatContent | null> {
  const { click, record, by } = deciding;
  const answer = await answers[click.decision](deps, deciding);
  if (answer.ok) return null;
  const now = (await deps.store.release(record.id)) ?? record;
  return decisionReply(refusalOf(answer, { record: now, by }), { record: now, people: peopleOf(deps) });
}

const answers: Readonly<Record<Decision["decision"], (deps: Deps, deciding: Deciding) => Promise<Answer>>> = {
  approve: (deps, { click, record, by }) =>
    createDesk(deps).approve({ releaseId: record.id, by, approvalId: click.approval }),
  reject: (deps, { click, record, by }) =>
    createDesk(deps).reject({ releaseId: record.id, by, approvalId: click.approval, reason: click.reason }),
  pause: (deps, { record, by }) => createDesk(deps).pause({ releaseId: record.id, by }),
  resume: (deps, { record, by }) => createDesk(deps).resume({ releaseId: record.id, by }),
  promote: (deps, { record, by }) => createDesk(deps).promote({ releaseId: record.id, by }),
  "roll-back": (deps, { click, record, by }) => rollBack(deps, { record, by, reason: click.reason }),
};

/** A button under a release takes back that release and no other: one that is not live any more takes back nothing. */
async function rollBack(
  deps: Deps,
  { record, by, reason }: Readonly<{ record: ReleaseRecord; by: Actor; reason: string }>,
): Promise<Answer> {
  const { state } = await deps.store.load(record.service);
  const isIts =
    isOf(state.active?.id, record.id) || (state.active === null && isOf(state.live?.id, record.id));
  if (isIts) return createDesk(deps).rollBack({ service: record.service, to: null, by, reason });
  const message = `${record.tag} has no traffic of its own to take back now.`;
  return { ok: false, code: "nothing-to-roll-back-to", message, next: `gantry rollback ${record.service}` };
}

function isOf(id: ReleaseId | undefined, release: ReleaseId): boolean {
  return id === release;
}

type Refused = Readonly<{ record: ReleaseRecord; by: Actor }>;

/** The refusal in the words of a clicker: who may instead, until when it was possible, who was first. */
function refusalOf(answer: Extract<Answer, { ok: false }>, { record }: Refused): DecisionRefusal {
  const { from } = record.plan.approval;
  switch (answer.code) {
    case "not-an-approver":
    case "self-approval":
      return { code: answer.code, from };
    case "approval-expired":
      return { code: "approval-expired", expiresAt: record.approval?.expiresAt ?? record.updatedAt };
    case "approval-void":
      return { code: "approval-voided" };
    case "no-approval-awaited":
      return decidedBefore(record) ?? { code: "no-approval-awaited" };
    default:
      return { code: "not-possible", why: answer.message };
  }
}

function decidedBefore(record: ReleaseRecord): DecisionRefusal | null {
  const last = record.approvedBy.at(-1);
  if (record.status !== "rejected" && last)
    return { code: "already-decided", decision: "approved", by: last.name, at: record.updatedAt };
  return null;
}
