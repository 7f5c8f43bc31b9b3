import { Complaint } from "./complaint.ts";
import type { Session } from "./server-session.ts";

const firstBackoffMs = 250;
const maxBackoffMs = 10_000;
const maxTries = 35; // about five minutes

/** How long to wait after this many failed tries, 1-based: twice as long each time, 10 s at most. */
export function backoffMs(tries: number): number {
  return Math.min(maxBackoffMs, firstBackoffMs * 2 ** (tries - 1));
}

const passing: ReadonlySet<string> = new Set([
  "server-unreachable",
  "unavailable",
  "too-many-streams",
  "internal",
]);

/** A token that is not known stays unknown; a server that restarts comes back. */
export function mayPass(error: unknown): error is Complaint {
  return error instanceof Complaint && passing.has(error.text.code);
}

/**
 * Asks until there is an answer; null when the signal aborts first. Throws the complaint that no waiting will change, and
 * the last one when the server stayed away for about five minutes.
 */
export async function persist<T>(
  { io, out }: Session,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T | null> {
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) return null;
      if (!mayPass(error) || tries >= maxTries) throw error;
      out.note(`${error.text.happened}; trying again.`);
    }
    await io.clock.sleep({ ms: backoffMs(tries), signal });
  }
  return null;
}
