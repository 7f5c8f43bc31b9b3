import { z } from "zod";
import type { SlackApi } from "./slack-api.ts";
import { refused, slackCodeOf } from "./slack-error.ts";
import { slackPages } from "./slack-pages.ts";
import { sentenceFor } from "./slack-refusal.ts";

/** The id of a channel by its name: a message is posted to either, but looked for by the id alone. */
export interface ChannelIds {
  /** @throws AppError `chat-refused` when there is no such channel, or none that Gantry can see. */
  idOf(params: Readonly<{ channel: string; signal: AbortSignal }>): Promise<string>;
  /** Keeps what an answer told, which saves a walk through all channels. */
  remember(params: Readonly<{ channel: string; id: string }>): void;
}

const idPattern = /^[CDG][A-Z0-9]+$/; // names are in lower case
const keptMs = 600_000; // a name may be given to another channel
const maxPages = 50;

const answer = z.object({
  channels: z.array(z.object({ id: z.string(), name: z.string().optional() })),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

export function createChannelIds(api: SlackApi): ChannelIds {
  const { clock } = api.options;
  const known = new Map<string, Readonly<{ id: string; until: number }>>();
  const remember: ChannelIds["remember"] = ({ channel, id }) => {
    if (!idPattern.test(channel)) known.set(nameOf(channel), { id, until: clock.now() + keptMs });
  };
  return {
    remember,
    async idOf({ channel, signal }) {
      if (idPattern.test(channel)) return channel;
      const kept = known.get(nameOf(channel));
      if (kept !== undefined && clock.now() < kept.until) return kept.id;
      const id = await find(api, { channel, signal });
      remember({ channel, id });
      return id;
    },
  };
}

function nameOf(channel: string): string {
  return channel.replace(/^#/, "");
}

type Wanted = Readonly<{ channel: string; signal: AbortSignal }>;

/** Public channels first: the right to list private ones may be missing, and then there is none that Gantry can see. */
async function find(api: SlackApi, wanted: Wanted): Promise<string> {
  const found =
    (await findAmong(api, { ...wanted, types: "public_channel" })) ?? (await findPrivate(api, wanted));
  if (found !== null) return found;
  const code = "channel_not_found";
  const message = sentenceFor(code) ?? code;
  throw refused({ method: "conversations.list", channel: wanted.channel, error: undefined, code, message });
}

async function findPrivate(api: SlackApi, wanted: Wanted): Promise<string | null> {
  try {
    return await findAmong(api, { ...wanted, types: "private_channel" });
  } catch (error) {
    if (slackCodeOf(error) === "missing_scope") return null;
    throw error;
  }
}

async function findAmong(
  api: SlackApi,
  wanted: Wanted & Readonly<{ types: string }>,
): Promise<string | null> {
  const { channel, signal, types } = wanted;
  const call = { method: "conversations.list", args: { types }, signal };
  for await (const { page } of slackPages(api, { call, answer, maxPages })) {
    const found = page.channels.find(({ name }) => name === nameOf(channel));
    if (found !== undefined) return found.id;
  }
  return null;
}
