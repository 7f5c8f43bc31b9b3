import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { ApiArguments, ApiError } from "./api-call.ts";
import { messageContent } from "./message-content.ts";
import type { Message, MessageDraft } from "./message-log.ts";
import type { SlackCore } from "./slack-core.ts";

/** What a `response_url` was issued for. */
export type ResponseContext = Readonly<{
  channel: string;
  user: string;
  /** The message whose button was clicked; null after a slash command. */
  original: Readonly<{ ts: string; threadTs: string | null }> | null;
}>;

const lifetimeMs = 30 * 60_000;
const uses = 5;

/** The addresses at which the app may answer an action: five times within half an hour. */
export class ResponseUrls {
  readonly #issued = new Map<string, { context: ResponseContext; expiresAt: number; left: number }>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The path of a new one. */
  issue(kind: "actions" | "commands", teamId: string, context: ResponseContext): string {
    const token = randomBytes(18).toString("base64url");
    this.#issued.set(token, { context, expiresAt: this.#clock() + lifetimeMs, left: uses });
    return `/${kind}/${teamId}/${token}`;
  }

  /** Counts one use. @throws ApiError `invalid_url`, `expired_url`, `used_url`. */
  use(token: string): ResponseContext {
    const issued = this.#issued.get(token);
    if (issued === undefined) throw new ApiError("invalid_url");
    if (issued.expiresAt < this.#clock()) throw new ApiError("expired_url");
    if (issued.left === 0) throw new ApiError("used_url");
    issued.left -= 1;
    return issued.context;
  }
}

/** `POST /actions/…` and `/commands/…` with `replace_original`, `delete_original`, `response_type`, a text, blocks. */
export function responseRoutes(core: SlackCore): Hono {
  const app = new Hono();
  app.post("/:kind{actions|commands}/:team/:token", async (context) => {
    if (core.faults.take("down") !== null) return context.text("upstream connect error", 503);
    try {
      const issuedFor = core.responseUrls.use(context.req.param("token"));
      const body: unknown = await context.req.json().catch(() => null);
      if (typeof body !== "object" || body === null) throw new ApiError("invalid_payload");
      respond(core, issuedFor, new ApiArguments(Object.fromEntries(Object.entries(body))));
      return context.text("ok");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return context.json({ ok: false, error: error.code, ...error.details }, 404);
    }
  });
  return app;
}

/** Does what an answer of the app asks for, at a `response_url` or right in the answer to a slash command. */
export function respond(core: SlackCore, context: ResponseContext, args: ApiArguments): void {
  const original = context.original && core.messages.find(context.channel, context.original.ts);
  if (args.flag("delete_original")) {
    if (original === null) throw new ApiError("message_not_found");
    core.messages.remove(original);
    return;
  }
  const { text, blocks } = messageContent(args, 40_000);
  const content = { text: text ?? "", blocks: blocks ?? [] };
  if (args.flag("replace_original") && original !== null) {
    core.messages.change(original, { ...content, editedTs: core.messages.nextTs() });
    return;
  }
  core.messages.post(newMessage(core, context, { args, content, original }));
}

type Answer = Readonly<{
  args: ApiArguments;
  content: Pick<Message, "text" | "blocks">;
  original: Message | null;
}>;

function newMessage({ installation }: SlackCore, context: ResponseContext, answer: Answer): MessageDraft {
  const inChannel = answer.args.text("response_type") === "in_channel";
  return {
    ...answer.content,
    channel: context.channel,
    user: installation.botUserId,
    fromApp: true,
    threadTs: answer.args.text("thread_ts"),
    onlyFor: inChannel ? null : context.user,
  };
}
