import { randomInt } from "node:crypto";
import type { Ids } from "../../ports/system.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Ids from the system's source of randomness. */
export const randomIds: Ids = {
  short: () => Array.from({ length: 8 }, () => alphabet.charAt(randomInt(alphabet.length))).join(""),
};
