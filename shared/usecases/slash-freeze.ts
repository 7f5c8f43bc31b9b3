import type { ChatContent } from "../domain/chat-blocks.ts";
import { escaped, slackDate } from "../domain/chat-escape.ts";
import { everyService, type Freeze, freezeState, freezesOf, isFreezeId } from "../domain/freeze.ts";
import { scopeWords } from "../domain/freeze-words.ts";
import type { Timestamp } from "../domain/ids.ts";
import type { Actor } from "../domain/service-state.ts";
import { listReply, plainReply } from "./chat-reply.ts";
import type { Deps } from "./deps.ts";
import { createFreezeDesk, type FreezeAnswer, type FreezeBoard, type PolicyFreeze } from "./freeze-desk.ts";
import type { AskedEnd, SlashAsk } from "./slash-ask.ts";

type Asked<V extends SlashAsk["verb"]> = Extract<SlashAsk, { verb: V }>;
type Change<V extends SlashAsk["verb"]> = Readonly<{ ask: Asked<V>; by: Actor; cause: string }>;

/** Freezes that stand or are to come; all that are still kept where `all` was asked for. */
export async function listFreezes(deps: Deps, { all }: Asked<"freeze-list">): Promise<ChatContent> {
  const { at, freezes, windows } = await createFreezeDesk(deps).board();
  const lines = [
    ...freezes.filter((freeze) => all || isOpen(freeze, at)).map((freeze) => freezeLine(freeze, at)),
    ...windows.filter(({ stands }) => all || stands).map(windowLine),
  ];
  if (lines.length > 0) return listReply(lines, deps.consoleUrl());
  return plainReply("No service is frozen now. To freeze one: `/gantry freeze on SERVICE REASON`.");
}

function isOpen(freeze: Freeze, at: Timestamp): boolean {
  const state = freezeState(freeze, at);
  return state === "stands" || state === "planned";
}

function freezeLine(freeze: Freeze, at: Timestamp): string {
  const { id, by, reason, lifted } = freeze;
  const why = lifted === null || lifted.reason === "" ? "" : ` (${escaped(lifted.reason, 200)})`;
  const when =
    lifted === null
      ? `${freezeState(freeze, at)}, ${spanOf(freeze)}`
      : `lifted by ${escaped(lifted.by.name, 60)} ${slackDate(lifted.at)}${why}`;
  return `*${scopeOf(freeze)}*: ${when}: ${escaped(reason, 300)} (by ${escaped(by.name, 60)}, \`${id}\`)`;
}

function spanOf({ from, until }: Freeze): string {
  return `from ${slackDate(from)} ${until === null ? "until somebody lifts it" : `until ${slackDate(until)}`}`;
}

function scopeOf(freeze: Readonly<{ services: string }>): string {
  return escaped(scopeWords(freeze), 120);
}

function windowLine({ name, services, stands, until }: PolicyFreeze): string {
  const end = until === null ? "" : ` until ${slackDate(until)}`;
  const now = stands ? `stands${end}` : "does not stand now";
  return `*${scopeOf({ services: services.join(" or ") })}*: ${now}: ${escaped(name, 100)} (the operator's policy)`;
}

/** Sets a freeze; the same `cause` any number of times is one. */
export async function freezeOn(deps: Deps, { ask, by, cause }: Change<"freeze-on">): Promise<ChatContent> {
  const services = await namedServices(deps, ask.services);
  if (services === null) return manyNamed;
  const answer = await createFreezeDesk(deps).set({
    requestId: cause,
    services,
    from: null,
    until: endOf(ask.end, deps.clock.now()),
    zone: "UTC",
    reason: ask.reason,
    by,
  });
  return plainReply(said(answer));
}

function endOf(end: AskedEnd, now: Timestamp): Timestamp | null {
  if (end === null) return null;
  return "at" in end ? end.at : now + end.forMs;
}

const manyNamed = plainReply(
  "Several services have that name; type its whole `project/region/name`, which `/gantry status` shows.",
);

/** What was typed as a scope: the one service of that name by its key; null = several have it. */
async function namedServices(deps: Deps, typed: string): Promise<string | null> {
  if (typed.includes("/") || typed.includes("*")) return typed;
  const found = (await deps.store.services()).filter(({ key }) => key.endsWith(`/${typed}`));
  return found.length > 1 ? null : (found[0]?.key ?? typed);
}

/** Lifts one freeze, those of one service, or all. What the same `cause` lifted before is told, and no more is lifted. */
export async function freezeOff(deps: Deps, { ask, by, cause }: Change<"freeze-off">): Promise<ChatContent> {
  const desk = createFreezeDesk(deps);
  const named = isFreezeId(ask.what) ? ask.what : await namedServices(deps, ask.what);
  if (named === null) return manyNamed;
  const meant = meantBy(await desk.board(), named, cause);
  if ("none" in meant) return plainReply(meant.none);
  const { reason } = ask;
  const answers: string[] = [];
  for (const id of meant.ids) answers.push(said(await desk.lift({ id, by, reason, cause })));
  return listReply(answers, deps.consoleUrl());
}

type Meant = Readonly<{ ids: readonly string[] }> | Readonly<{ none: string }>;

function meantBy({ at, freezes, windows }: FreezeBoard, named: string, cause: string): Meant {
  const before = freezes.filter(({ lifted }) => lifted?.cause === cause);
  if (before.length > 0) return { ids: before.map(({ id }) => id) };
  if (isFreezeId(named)) return { ids: [named] };
  const open = freezes.filter((freeze) => isOpen(freeze, at));
  const { own, wider } = named === everyService ? { own: open, wider: [] } : freezesOf(open, named);
  if (own.length > 0) return { ids: own.map(({ id }) => id) };
  const [other] = wider;
  if (other !== undefined)
    return {
      none: `A freeze of more than that stands: \`${other.id}\`, ${scopeOf(other)}. To lift it for all of them: \`/gantry freeze off ${other.id}\`.`,
    };
  const policy = windows.some(({ stands }) => stands)
    ? " Windows of the operator's policy stand, which only `gantry.policy.yaml` lifts."
    : "";
  return { none: `Nobody set a freeze there, so there is none to lift.${policy}` };
}

function said(answer: FreezeAnswer): string {
  const message = escaped(answer.message, 900);
  return answer.ok ? message : `${message} Next: \`${escaped(answer.next, 200)}\``;
}
