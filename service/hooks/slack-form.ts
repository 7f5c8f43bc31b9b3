import { z } from "zod";

/** Short ids of Slack's: letters, digits, dots, so that one can stand in a key as it is. */
const id = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/);
const name = z.string().max(200).default("");
const actionName = z.string().min(1).max(255);

const user = z.object({
  id,
  name,
  username: name,
  team_id: id.nullish(),
});

const shared = {
  api_app_id: id,
  user,
  team: z.object({ id }).nullish(),
  trigger_id: z.string().min(1).max(512).nullish(),
};

const button = z.object({
  action_id: actionName,
  block_id: z.string().max(255).default(""),
  action_ts: id,
  value: z.string().max(2000).nullish(),
});

/** A click in a message: there is one action in each payload (docs.slack.dev/reference/interaction-payloads). */
export const clickSchema = z.object({
  ...shared,
  actions: z.tuple([button]),
  container: z.object({
    type: z.string().max(40),
    message_ts: id.nullish(),
    channel_id: id.nullish(),
    thread_ts: id.nullish(),
  }),
  channel: z.object({ id }).nullish(),
  message: z.object({ ts: id, thread_ts: id.nullish() }).nullish(),
});

const option = z.object({ value: z.string().max(3000) }).nullish();

const input = z.object({ value: z.string().max(3000).nullish(), selected_option: option });

export const submissionSchema = z.object({
  ...shared,
  view: z.object({
    id,
    app_id: id.nullish(),
    callback_id: z.string().max(255).default(""),
    private_metadata: z.string().max(3000).default(""),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), input)) }),
  }),
});

export const commandSchema = z.object({
  api_app_id: id,
  team_id: id,
  user_id: id,
  user_name: name,
  channel_id: id,
  command: z.string().regex(/^\/\S{1,40}$/),
  text: z.string().max(4000).default(""),
  trigger_id: id,
});

export type Click = z.output<typeof clickSchema>;
export type Submission = z.output<typeof submissionSchema>;
export type SlashForm = z.output<typeof commandSchema>;

/** The fields of a form; null = the bytes are no such form, or name a field twice. */
export function readForm(
  params: Readonly<{ contentType: string | undefined; rawBody: Uint8Array }>,
): Readonly<Record<string, string>> | null {
  const { contentType = "", rawBody } = params;
  if (contentType.split(";")[0]?.trim().toLowerCase() !== "application/x-www-form-urlencoded") return null;
  const text = exactText(rawBody);
  if (text === null) return null;
  const pairs = [...new URLSearchParams(text)];
  const fields = new Map(pairs);
  return fields.size === pairs.length ? Object.fromEntries(fields) : null;
}

function exactText(rawBody: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rawBody);
  } catch {
    return null;
  }
}

/** Undefined for text that is not JSON, which no schema takes. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
