import type { Timestamp } from "./ids.ts";

/** At most `burst` at once, and one in `everyMs` for as long as it goes on. */
export type ChatPace = Readonly<{ everyMs: number; burst: number }>;

/** Tickets `next` to `issued` are out: their holders wait to be called in this order. */
type Queue = Readonly<{ next: number; issued: number }>;

/** What is kept of one lane: how far ahead its allowance is spent, and who waits. */
export type ChatLane = Readonly<{ spentUntil: Timestamp; urgent: Queue; routine: Queue }>;

const nobody: Queue = { next: 1, issued: 0 };

export const freeLane: ChatLane = { spentUntil: 0, urgent: nobody, routine: nobody };

/** Somebody's wish to say something now; `ticket` null = they do not wait yet. */
export type TurnAsked = Readonly<{ now: Timestamp; isUrgent: boolean; ticket: number | null }>;

/** When to ask again, and with what ticket. */
export type TurnPromised = Readonly<{ at: Timestamp; ticket: number }>;

/** `promised` null = it is their turn, and it is taken. */
export type TurnGiven = Readonly<{ lane: ChatLane; promised: TurnPromised | null }>;

/**
 * Whether something may be said in a lane now. What is urgent goes before all else; otherwise who asked first goes first.
 * Each who waits is told a time of their own, so that a thousand who wait do not ask a thousand times a second. Whoever
 * does not come when the lane is free for them keeps it free for one turn and no longer.
 */
export function takeTurn(lane: ChatLane, asked: TurnAsked, pace: ChatPace): TurnGiven {
  const { now, isUrgent } = asked;
  const opens = silentUntil(lane, pace);
  const ahead = aheadOf(lane, asked);
  const isAbandoned = now >= opens + pace.everyMs;
  if (now >= opens && (ahead === 0 || isAbandoned)) {
    const spentUntil = Math.max(lane.spentUntil, now) + pace.everyMs;
    return { lane: { ...called(lane, asked), spentUntil }, promised: null };
  }
  const name = isUrgent ? "urgent" : "routine";
  const queue = lane[name];
  const ticket = asked.ticket ?? queue.issued + 1;
  const waiting = { ...queue, issued: Math.max(queue.issued, ticket) };
  return {
    lane: { ...lane, [name]: waiting },
    promised: { at: Math.max(opens, now) + ahead * pace.everyMs, ticket },
  };
}

/** Nothing is said in the lane before then, and no more than one in `everyMs` right after. */
export function silenced(lane: ChatLane, until: Timestamp, pace: ChatPace): ChatLane {
  return { ...lane, spentUntil: Math.max(lane.spentUntil, until + allowanceMs(pace)) };
}

function silentUntil({ spentUntil }: ChatLane, pace: ChatPace): Timestamp {
  return spentUntil - allowanceMs(pace);
}

function allowanceMs({ everyMs, burst }: ChatPace): number {
  return (burst - 1) * everyMs;
}

function waitingIn({ next, issued }: Queue): number {
  return Math.max(0, issued - next + 1);
}

/** How many are to be called before. */
function aheadOf({ urgent, routine }: ChatLane, { isUrgent, ticket }: TurnAsked): number {
  const queue = isUrgent ? urgent : routine;
  const before = ticket === null ? waitingIn(queue) : Math.max(0, ticket - queue.next);
  return before + (isUrgent ? 0 : waitingIn(urgent));
}

/** Whoever was to be called before this one was waited for and did not come; they may still, and are not waited for. */
function called(lane: ChatLane, { isUrgent, ticket }: TurnAsked): ChatLane {
  const urgent = isUrgent ? after(lane.urgent, ticket) : after(lane.urgent, null);
  return isUrgent ? { ...lane, urgent } : { ...lane, urgent, routine: after(lane.routine, ticket) };
}

function after(queue: Queue, ticket: number | null): Queue {
  return { ...queue, next: Math.max(queue.next, (ticket ?? queue.issued) + 1) };
}
