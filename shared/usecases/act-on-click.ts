import type { ChatContent } from "../domain/chat-blocks.ts";
import type { RefusalCode } from "../domain/commands.ts";
import { type DecisionRefusal, decisionReply } from "../domain/decision-reply.ts";
import { parseReleaseId } from "../domain/ids.ts";
import { knownAs } from "../domain/policy.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ActiveRelease, Actor } from "../domain/service-state.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import type { ChatPerson } from "../ports/chat.ts";
import { mayAct } from "./approver-groups.ts";
import { peopleOf } from "./chat-content.ts";
import { plainReply } from "./chat-reply.ts";
import { type Click, type KeyedClick, readClick } from "./click.ts";
import { refusalOf } from "./click-refusal.ts";
import type { Deps } from "./deps.ts";
import type { Answer } from "./desk.ts";
import { createDesk } from "./gantry-desk.ts";
import { showDecided } from "./show-decided.ts";
import { readSlashAsk } from "./slash-ask.ts";
import { slashCommand } from "./slash-command.ts";

const callMs = 10_000;

type Decision = Extract<Click, { kind: "decision" }>;

/**
 * Carries out what somebody clicked or typed in chat. Who they are is asked for now, not taken from the click; what they
 * may do is decided where the CLI and the API are decided too; a no is said to them alone. The same click any number of
 * times is one decision.
 */
export async function actOnClick(deps: Deps, event: PubSubEvent): Promise<void> {
  const { key, click } = readClick(event);
  if (deps.chat === null) return;
  const person =
    click.kind === "stranger"
      ? null
      : await deps.chat.person({ id: click.user.id, signal: AbortSignal.timeout(callMs) });
  const content = await replyTo(deps, { key, click }, person);
  if (content !== null) await whisper(deps, click, content);
}

/** What is decided stays decided when the clicker cannot be told: to take the click again would only note it again. */
async function whisper(
  { chat, log }: Deps,
  { channel, thread, user }: Click,
  content: ChatContent,
): Promise<void> {
  try {
    const signal = AbortSignal.timeout(callMs);
    await chat?.whisper({ channel, person: user.id, thread, content, signal });
  } catch (error) {
    const fields = { channel, user: user.id, text: content.text, err: String(error) };
    log.warn(fields, "Could not tell somebody what came of their click");
  }
}

async function replyTo(
  deps: Deps,
  { key, click }: KeyedClick,
  person: ChatPerson | null,
): Promise<ChatContent | null> {
  const by = actorOf(deps, click, person);
  if (click.kind === "stranger") return refuseStranger(deps, click, key);
  const kind = person === null ? "stranger" : person.kind;
  if (click.kind === "command")
    return kind === "member"
      ? slashCommand(deps, { ask: readSlashAsk(click.text), by, cause: key })
      : plainReply("Only members of this workspace may ask Gantry.");
  const releaseId = parseReleaseId(click.release);
  const record = releaseId && (await deps.store.release(releaseId));
  if (!record) return plainReply("The release of this button is not known any more.");
  if (click.kind === "unasked") return notAsked(record);
  const deciding: Deciding = { click, record, by, cause: key };
  if (kind === "member") return decide(deps, deciding);
  await noteRefused(deps, deciding, "not-a-member");
  return decisionReply({ code: "not-a-member", kind }, { record, people: peopleOf(deps) });
}

/** A name that nobody here has: ids are those of another workspace, and a name is what somebody calls themselves. */
async function refuseStranger(
  deps: Deps,
  { user, wanted }: Extract<Click, { kind: "stranger" }>,
  cause: string,
): Promise<ChatContent> {
  const releaseId = parseReleaseId(wanted?.release ?? "");
  if (wanted !== null && releaseId !== null) {
    const by: Actor = { kind: "person", name: `${user.id} of workspace ${user.team}`, via: "slack" };
    const refused = { releaseId, by, wanted: wanted.decision, code: "not-a-member", cause } as const;
    await createDesk(deps).noteRefused(refused);
  }
  return plainReply("Gantry knows you in no workspace of its own, so nothing was decided.");
}

function notAsked({ tag, id }: ReleaseRecord): ChatContent {
  return plainReply(
    `Slack did not open the dialog in which ${tag} is rejected, so nothing was decided. Click Reject again, or type \`gantry reject ${id}\`.`,
  );
}

/** The name that the policy knows this person by, whatever they call themselves in chat. */
function actorOf({ policy }: Deps, { user }: Click, person: ChatPerson | null): Actor {
  return knownAs(policy, { kind: "person", name: person?.name ?? user.name, id: user.id, via: "slack" });
}

type Deciding = Readonly<{ click: Decision; record: ReleaseRecord; by: Actor; cause: string }>;

/** What the approver list of the release does not speak of asks for a place in the policy. */
const takesStanding: readonly Decision["decision"][] = ["pause", "resume", "promote", "roll-back"];

async function decide(deps: Deps, deciding: Deciding): Promise<ChatContent | null> {
  const { click, record } = deciding;
  const people = peopleOf(deps);
  const refused = takesStanding.includes(click.decision) ? await standingRefusal(deps, deciding) : null;
  if (refused !== null) return decisionReply(refused, { record, people });
  const answer = await answers[click.decision](deps, deciding);
  if (answer.ok) {
    await showDecided(deps, record.id);
    return null;
  }
  const now = (await deps.store.release(record.id)) ?? record;
  return decisionReply(await refusalOf(deps, answer, now), { record: now, people });
}

/** Why somebody may not act on a release at all, which is on record then; null = they may. */
async function standingRefusal(deps: Deps, deciding: Deciding): Promise<DecisionRefusal | null> {
  const { click, record, by } = deciding;
  const may = await mayAct(deps, by);
  if (may.ok) return null;
  const code = may.unasked.length === 0 ? "not-allowed" : "group-not-askable";
  await noteRefused(deps, deciding, code);
  if (code === "not-allowed") return { code };
  const next =
    click.decision === "roll-back"
      ? `gantry rollback ${record.service}`
      : `gantry ${click.decision} ${record.id}`;
  return { code, groups: may.unasked, next };
}

function noteRefused(deps: Deps, { click, record, by, cause }: Deciding, code: RefusalCode): Promise<void> {
  return createDesk(deps).noteRefused({ releaseId: record.id, by, wanted: click.decision, code, cause });
}

const answers: Readonly<Record<Decision["decision"], (deps: Deps, deciding: Deciding) => Promise<Answer>>> = {
  approve: (deps, { click, record, by, cause }) =>
    createDesk(deps).approve({ releaseId: record.id, by, approvalId: click.approval, cause }),
  reject: (deps, { click, record, by, cause }) =>
    createDesk(deps).reject({
      releaseId: record.id,
      by,
      approvalId: click.approval,
      reason: click.reason,
      cause,
    }),
  pause: (deps, { record, by, cause }) => createDesk(deps).pause({ releaseId: record.id, by, cause }),
  resume: (deps, { record, by, cause }) => createDesk(deps).resume({ releaseId: record.id, by, cause }),
  promote: (deps, { record, by, cause }) => createDesk(deps).promote({ releaseId: record.id, by, cause }),
  "roll-back": (deps, deciding) => rollBack(deps, deciding),
};

const exposed: readonly ActiveRelease["status"][] = ["rolling-out", "baking", "held", "rolling-back"];

/** A button under a release takes back that release and no other: one that has no traffic now takes back nothing. */
async function rollBack(deps: Deps, deciding: Deciding): Promise<Answer> {
  const { click, record, by, cause } = deciding;
  const { active, live } = (await deps.store.load(record.service)).state;
  const isExposed = active?.id === record.id && exposed.includes(active.status);
  const isLive = live?.id === record.id;
  const { service } = record;
  if (isExposed || (isLive && active === null))
    return createDesk(deps).rollBack({ service, to: null, by, reason: click.reason, cause });
  const message =
    isLive && active
      ? `${record.tag} is live, but ${active.tag} is being released now: to roll the service back, say so by its name.`
      : `${record.tag} has no traffic of its own to take back now.`;
  const next = `gantry rollback ${service}`;
  const code = "nothing-to-roll-back-to";
  await noteRefused(deps, deciding, code);
  return { ok: false, code, message, next };
}
