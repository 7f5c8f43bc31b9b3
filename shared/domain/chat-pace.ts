import type { Timestamp } from "./ids.ts";

/** At most `burst` at once, and one in `everyMs` for as long as it goes on. */
export type ChatPace = Readonly<{ everyMs: number; burst: number }>;

/** What is kept of one lane: how far ahead its allowance is spent, and until when its waiters were told to wait. */
export type ChatLane = Readonly<{
  spentUntil: Timestamp;
  urgentThrough: Timestamp;
  routineThrough: Timestamp;
}>;

export const freeLane: ChatLane = { spentUntil: 0, urgentThrough: 0, routineThrough: 0 };

/** Somebody's wish to say something now. `promised` = when they were told to come back; null = they never asked before. */
export type TurnAsked = Readonly<{ now: Timestamp; isUrgent: boolean; promised: Timestamp | null }>;

/** `waitUntil` null = it is their turn, and it is taken. */
export type TurnGiven = Readonly<{ lane: ChatLane; waitUntil: Timestamp | null }>;

/**
 * Whether something may be said in a lane now. What is urgent goes before all else that waits; the rest goes in the order
 * in which it asked, and whoever was overtaken asks anew. Each is told a time of their own to come back at, so that a
 * thousand who wait do not ask a thousand times a second.
 */
export function takeTurn(lane: ChatLane, asked: TurnAsked, pace: ChatPace): TurnGiven {
  const { now } = asked;
  if (now >= opensAt(lane, pace) && !isBehindOthers(lane, asked, pace)) {
    const spentUntil = Math.max(lane.spentUntil, now) + pace.everyMs;
    return { lane: { ...lane, spentUntil }, waitUntil: null };
  }
  if (isDue(asked) && now < opensAt(lane, pace)) return { lane, waitUntil: opensAt(lane, pace) };
  const afterUrgent = Math.max(opensAt(lane, pace), lane.urgentThrough + pace.everyMs);
  if (asked.isUrgent) return { lane: { ...lane, urgentThrough: afterUrgent }, waitUntil: afterUrgent };
  const waitUntil = Math.max(afterUrgent, lane.routineThrough + pace.everyMs);
  return { lane: { ...lane, routineThrough: waitUntil }, waitUntil };
}

/** Nothing is said in the lane before then, and no more than one in `everyMs` right after. */
export function silenced(lane: ChatLane, until: Timestamp, pace: ChatPace): ChatLane {
  return { ...lane, spentUntil: Math.max(lane.spentUntil, until + allowanceMs(pace)) };
}

function opensAt({ spentUntil }: ChatLane, pace: ChatPace): Timestamp {
  return spentUntil - allowanceMs(pace);
}

function allowanceMs({ everyMs, burst }: ChatPace): number {
  return (burst - 1) * everyMs;
}

/** Their time has come, and only somebody who was quicker is in the way. */
function isDue({ promised, now }: TurnAsked): boolean {
  return promised !== null && promised <= now;
}

/** A promise counts for one turn past its time: who does not come by then keeps nobody waiting. */
function isBehindOthers(lane: ChatLane, asked: TurnAsked, { everyMs }: ChatPace): boolean {
  const stillWaits = (through: Timestamp): boolean => through > asked.now - everyMs;
  if (isDue(asked)) return !asked.isUrgent && stillWaits(lane.urgentThrough);
  return stillWaits(lane.urgentThrough) || (!asked.isUrgent && stillWaits(lane.routineThrough));
}
