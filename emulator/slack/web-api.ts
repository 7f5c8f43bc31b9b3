import { setTimeout as wait } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { type ApiAnswer, type ApiArguments, ApiError, readArguments } from "./api-call.ts";
import {
  addReaction,
  deleteMessage,
  permalink,
  postEphemeral,
  postMessage,
  updateMessage,
} from "./chat-methods.ts";
import {
  authTest,
  channelInfo,
  history,
  listChannels,
  listGroupUsers,
  listUserGroups,
  listUsers,
  replies,
  userInfo,
} from "./directory-methods.ts";
import { MessagePace } from "./message-pace.ts";
import type { SlackCore } from "./slack-core.ts";
import type { SlackFaults } from "./slack-faults.ts";
import { openView, updateView } from "./view-methods.ts";

type Method = Readonly<{
  /** What the token needs; null = any token will do. */
  scope: string | null;
  run: (core: SlackCore, args: ApiArguments) => ApiAnswer;
}>;

const methods = new Map<string, Method>([
  ["auth.test", { scope: null, run: authTest }],
  ["chat.postMessage", { scope: "chat:write", run: postMessage }],
  ["chat.update", { scope: "chat:write", run: updateMessage }],
  ["chat.postEphemeral", { scope: "chat:write", run: postEphemeral }],
  ["chat.delete", { scope: "chat:write", run: deleteMessage }],
  ["chat.getPermalink", { scope: null, run: permalink }],
  ["conversations.list", { scope: "channels:read", run: listChannels }],
  ["conversations.info", { scope: "channels:read", run: channelInfo }],
  ["conversations.history", { scope: "channels:history", run: history }],
  ["conversations.replies", { scope: "channels:history", run: replies }],
  ["users.info", { scope: "users:read", run: userInfo }],
  ["users.list", { scope: "users:read", run: listUsers }],
  ["usergroups.list", { scope: "usergroups:read", run: listUserGroups }],
  ["usergroups.users.list", { scope: "usergroups:read", run: listGroupUsers }],
  ["views.open", { scope: null, run: openView }],
  ["views.update", { scope: null, run: updateView }],
  ["reactions.add", { scope: "reactions:write", run: addReaction }],
]);

const defaultSlownessMs = 5000;

/** The Web API below `/api/`: GET or POST, form or JSON, the token in the header or among the arguments. */
export function webApi(core: SlackCore, botToken: string): Hono {
  const app = new Hono();
  const pace = new MessagePace(core);
  app.on(["GET", "POST"], "/:method", async (context) => {
    const refused = await disturbance(core.faults, context);
    if (refused !== null) return refused;
    context.header("x-oauth-scopes", core.scopes.join(","));
    const name = context.req.param("method");
    const isPost = name === "chat.postMessage";
    try {
      const args = await readArguments(context.req.raw);
      const method = permitted(core, { name, token: tokenOf(context, args), botToken });
      const waitSeconds = isPost ? pace.wait(args.text("channel")) : 0;
      if (waitSeconds > 0) return rateLimited(context, waitSeconds);
      const answer = method.run(core, args);
      if (isPost && core.faults.take("reply-lost") !== null) await hungUp(context);
      return context.json({ ok: true, ...answer });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return context.json({ ok: false, error: error.code, ...error.details });
    }
  });
  return app;
}

/** The answer that a fault gives instead of Slack; null = none does, though one may have taken its time. */
async function disturbance(faults: SlackFaults, context: Context): Promise<Response | null> {
  if (faults.take("down") !== null) return context.text("upstream connect error", 503);
  const slow = faults.take("slow");
  if (slow !== null) await wait(slow.ms ?? defaultSlownessMs);
  const limited = faults.take("rate-limited");
  return limited === null ? null : rateLimited(context, Math.ceil((limited.ms ?? 1000) / 1000));
}

/** @throws ApiError `not_authed`, `invalid_auth`, `unknown_method`, `missing_scope`. */
function permitted(
  { scopes }: SlackCore,
  { name, token, botToken }: Readonly<{ name: string; token: string | null; botToken: string }>,
): Method {
  const method = methods.get(name);
  if (method === undefined) throw new ApiError("unknown_method", { req_method: name });
  if (token === null) throw new ApiError("not_authed");
  if (token !== botToken) throw new ApiError("invalid_auth");
  if (method.scope !== null && !scopes.includes(method.scope))
    throw new ApiError("missing_scope", { needed: method.scope, provided: scopes.join(",") });
  return method;
}

function tokenOf(context: Context, args: ApiArguments): string | null {
  const header = /^Bearer (.+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
  return header ?? args.text("token");
}

function rateLimited(context: Context, seconds: number): Response {
  context.header("retry-after", String(seconds));
  return context.json({ ok: false, error: "ratelimited" }, 429);
}

/** Waits until the caller has hung up: an answer that never comes. */
function hungUp(context: Context): Promise<void> {
  const { signal } = context.req.raw;
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
