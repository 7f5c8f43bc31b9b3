import type { Random } from "./random.ts";

/** How often what goes wrong. Probabilities are per message or call, times in milliseconds. */
export type Faults = {
  messageLost: number;
  messageTwice: number;
  messageLate: number;
  callFails: number; // before its effect
  replyLost: number; // after its effect
  callSlow: number;
  storeSlow: number;
  storeFails: number;
  storeReplyLost: number;
  storeConflict: number;
  staleRead: number;
  probeFails: number;
  killEveryMs: number; // 0 = never
  pauseEveryMs: number; // 0 = never
  peopleEveryMs: number; // 0 = nobody does anything
  buildLost: number; // the platform fails a build
  handBetween: number; // a person moves traffic right after Gantry read it
};

/** The world as it should be. */
export const calm: Readonly<Faults> = {
  messageLost: 0,
  messageTwice: 0,
  messageLate: 0,
  callFails: 0,
  replyLost: 0,
  callSlow: 0,
  storeSlow: 0.2,
  storeFails: 0,
  storeReplyLost: 0,
  storeConflict: 0,
  staleRead: 0,
  probeFails: 0,
  killEveryMs: 0,
  pauseEveryMs: 0,
  peopleEveryMs: 0,
  buildLost: 0,
  handBetween: 0,
};

/** A mixture of troubles: most seeds have a few of them, some have all, some none. */
export function drawFaults(random: Random): Faults {
  const seldom = (...values: readonly [number, ...number[]]): number =>
    random.chance(0.5) ? 0 : random.pick(...values);
  return {
    messageLost: seldom(0.02, 0.1, 0.4),
    messageTwice: seldom(0.05, 0.3),
    messageLate: seldom(0.05, 0.3),
    callFails: seldom(0.01, 0.05, 0.15),
    replyLost: seldom(0.01, 0.05, 0.15),
    callSlow: seldom(0.01, 0.05),
    storeSlow: random.pick(0.1, 0.4),
    storeFails: seldom(0.002, 0.01),
    storeReplyLost: seldom(0.002, 0.01),
    storeConflict: seldom(0.01, 0.1),
    staleRead: seldom(0.05, 0.2),
    probeFails: seldom(0.01, 0.03),
    killEveryMs: seldom(10_000, 40_000, 120_000),
    pauseEveryMs: seldom(30_000, 120_000),
    peopleEveryMs: seldom(5_000, 20_000, 60_000, 200_000),
    buildLost: seldom(0.1, 0.5),
    handBetween: random.chance(0.3) ? random.pick(0.005, 0.03) : 0,
  };
}
