import { decisionReply, plainReply } from "../domain/decision-reply.ts";
import { parseReleaseId } from "../domain/ids.ts";
import { personNamed } from "../domain/policy.ts";
import type { Actor } from "../domain/service-state.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import type { ChatPerson } from "../ports/chat.ts";
import { type Click, readClick } from "./click.ts";
import type { Deps } from "./deps.ts";
import type { Answer, Desk } from "./desk.ts";
import { createDesk } from "./gantry-desk.ts";
import { slashCommand } from "./slash-command.ts";

const callMs = 10_000;

/**
 * Carries out what somebody clicked or typed in chat. Who they are is asked for now, not taken from the click; what they
 * may do is decided where the CLI and the API are decided too; a no is said to them alone.
 */
export async function actOnClick(deps: Deps, event: PubSubEvent): Promise<void> {
  const click = readClick(event);
  const { chat } = deps;
  if (chat === null) return;
  const person = await chat.person({ id: click.user.id, signal: AbortSignal.timeout(callMs) });
  const actor = actorOf(deps, click, person);
  const stranger = strangerRefusal(person);
  const reply = stranger ?? (await replyTo(deps, click, actor));
  if (stranger !== null) deps.log.warn({ user: click.user.id, team: click.user.team, release: releaseOf(click) }, "Refused a click of a stranger");
  if (stranger !== null && click.kind === "decision") await auditStranger(deps, click, actor);
  if (reply === null) return;
  const { channel, thread } = click;
  await chat.whisper({ channel, person: click.user.id, thread, content: reply, signal: AbortSignal.timeout(callMs) });
}

function releaseOf(click: Click): string | null {
  return click.kind === "decision" ? click.release : null;
}

/** The name that the policy knows this person by, whatever they call themselves in chat. */
function actorOf(deps: Deps, { user }: Click, person: ChatPerson | null): Actor {
  const name = personNamed(deps.policy, { slack: user.id }) ?? person?.name ?? user.name;
  return { kind: "person", name, id: user.id, via: "slack" };
}

function strangerRefusal(person: ChatPerson | null) {
  if (person === null) return plainReply("You are not a member of this workspace, so nothing was decided.");
  if (person.kind === "guest") return plainReply("Guests decide nothing here. Ask a member of the team.");
  if (person.kind === "deactivated") return plainReply("This account is deactivated, so nothing was decided.");
  return person.kind === "bot" ? plainReply("Bots decide nothing here.") : null;
}

/** A decision that was refused is part of the release's story, whoever wanted it. */
async function auditStranger(deps: Deps, click: Extract<Click, { kind: "decision" }>, by: Actor): Promise<void> {
  const releaseId = parseReleaseId(click.release);
  const desk = createDesk(deps);
  if (releaseId !== null) await desk.noteStranger({ releaseId, by, wanted: click.decision });
}

async function replyTo(deps: Deps, click: Click, by: Actor) {
  if (click.kind === "command") return slashCommand(deps, click, by);
  const releaseId = parseReleaseId(click.release);
  if (releaseId === null) return plainReply("This button names no release.");
  const answer = await decide(createDesk(deps), deps, { ...click, release: releaseId }, by);
  if (answer.ok) return null;
  const record = await deps.store.release(releaseId);
  return decisionReply({ code: answer.code, message: answer.message, next: answer.next, record });
}

type Decision = Extract<Click, { kind: "decision" }> & Readonly<{ release: NonNullable<ReturnType<typeof parseReleaseId>> }>;

async function decide(desk: Desk, deps: Deps, click: Decision, by: Actor): Promise<Answer> {
  const { release: releaseId, approval: approvalId, reason } = click;
  switch (click.decision) {
    case "approve":
      return desk.approve({ releaseId, by, approvalId });
    case "reject":
      return desk.reject({ releaseId, by, approvalId, reason });
    case "pause":
      return desk.pause({ releaseId, by });
    case "resume":
      return desk.resume({ releaseId, by });
    case "promote":
      return desk.promote({ releaseId, by });
    case "roll-back": {
      const record = await deps.store.release(releaseId);
      if (record === null) return { ok: false, code: "release-not-found", message: `There is no release ${releaseId}.`, next: "gantry releases list" };
      return desk.rollBack({ service: record.service, to: null, by, reason });
    }
  }
}
