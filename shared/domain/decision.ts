import type { RefusalCode, RefusedCommand } from "./commands.ts";
import type { ServiceEvent } from "./events.ts";

/** What a command leads to: facts (none = it changes nothing), or an expected no. */
export type Decision =
  | Readonly<{ ok: true; events: readonly ServiceEvent[] }>
  | Readonly<{ ok: false; refusal: RefusedCommand }>;

/** The command changes nothing: it is late, repeated, or about something that is over. */
export const nothing: Decision = { ok: true, events: [] };

export function events(...list: readonly ServiceEvent[]): Decision {
  return { ok: true, events: list };
}

export function refuse(code: RefusalCode, message: string, next: string): Decision {
  return { ok: false, refusal: { code, message, next } };
}
