import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../../shared/ports/system.ts";

/** The machine's own time, for what only real processes can show. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: ({ ms, signal }) => wait(ms, undefined, { signal }).catch(() => {}),
};
