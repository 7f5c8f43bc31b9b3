import { createHash } from "node:crypto";
import { offersIn } from "../domain/chat-offers.ts";
import type { Timestamp } from "../domain/ids.ts";
import type { ChatPlace, ChatText } from "../ports/chat.ts";
import type { Conversation } from "../ports/conversations.ts";
import { editInTurn, postInTurn, type Said, type Turn } from "./chat-turn.ts";

/** The root is edited no more often than this: a release in steps changes faster than people read. */
export const editEveryMs = 3_000;

/** When the root may be said or edited, unless a button under it is over. */
export function mayEditAt({ root, saidAt }: Conversation): Timestamp {
  return root === null ? 0 : (saidAt ?? 0) + editEveryMs;
}

/**
 * Posts the root or edits it where it says something else now; the answer is when that may be tried, if not yet. A button
 * that is over is taken away at once.
 */
export async function sayRoot(turn: Turn, content: ChatText, isUrgent: boolean): Promise<Timestamp | null> {
  const said = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  const { conversation, deps } = turn;
  if (conversation.said === said) return null;
  const offers = offersIn(content.blocks);
  const disarms = conversation.offers.some((offer) => !offers.includes(offer));
  const waitsUntil = disarms ? 0 : mayEditAt(conversation);
  if (deps.clock.now() < waitsUntil) return waitsUntil;
  const root = await editOrPost(turn, content, isUrgent || disarms);
  if ("waitsUntil" in root) return root.waitsUntil;
  turn.conversation = { ...turn.conversation, root: root.answer, said, offers, saidAt: deps.clock.now() };
  return null;
}

/** A root that a person deleted is posted anew: the release still needs a place where it is decided. */
async function editOrPost(turn: Turn, content: ChatText, isUrgent: boolean): Promise<Said<ChatPlace>> {
  const { root, channel, key } = turn.conversation;
  if (root !== null) {
    const edited = await editInTurn(turn, { place: root, content }, isUrgent);
    if ("waitsUntil" in edited) return edited;
    if (edited.answer === "updated") return { answer: root };
    turn.conversation = { ...turn.conversation, root: null, said: null, saidAt: null, offers: [] };
  }
  const roots = turn.conversation.roots + 1;
  const post = { channel, thread: null, broadcast: false, key: `${key}/root/${roots}`, content };
  const posted = await postInTurn(turn, post, isUrgent);
  if ("answer" in posted) turn.conversation = { ...turn.conversation, root: posted.answer, roots };
  return posted;
}
