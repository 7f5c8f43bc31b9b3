import { z } from "zod";
import type { SlackApi } from "./slack-api.ts";

/** Who Gantry is in Slack. */
export type OwnIdentity = Readonly<{ teamId: string; userId: string; botId: string | null }>;

const answer = z.object({ team_id: z.string(), user_id: z.string(), bot_id: z.string().optional() });

/** Asks once for each token, since a token's owner never changes. A failure is not remembered. */
export function createOwnIdentity(api: SlackApi): (signal: AbortSignal) => Promise<OwnIdentity> {
  let known: Readonly<{ token: string; identity: OwnIdentity }> | null = null;
  return async (signal) => {
    const token = api.options.token();
    if (known?.token === token) return known.identity;
    const told = await api.call({ method: "auth.test", args: {}, answer, repeatable: true, signal });
    const identity = { teamId: told.team_id, userId: told.user_id, botId: told.bot_id ?? null };
    known = { token, identity };
    return identity;
  };
}
