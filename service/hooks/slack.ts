import type { Context, Handler } from "hono";
import { type ChatAction, chatActionOf } from "../../shared/domain/chat-buttons.ts";
import {
  parseRejection,
  type RejectionContext,
  rejectModal,
  rejectView,
} from "../../shared/domain/decision-reply.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import { type Click, clickMessage, type KeyedClick } from "../../shared/usecases/click.ts";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps, SlackDeps } from "../service-deps.ts";
import {
  readSlack,
  type SlackAction,
  type SlackRefused,
  type SlackSlash,
  type SlackView,
} from "./slack-payload.ts";
import { verifySlack } from "./slack-signature.ts";

/** A dialog has to be open 3 s after the click (Slack, `trigger_id`), and the click answered. */
const openWithinMs = 2_000;

const decisions = {
  approve: "approve",
  reject: "reject",
  pause: "pause",
  resume: "resume",
  promote: "promote",
  rollBack: "roll-back",
} as const satisfies Record<Exclude<ChatAction, "console">, string>;

/**
 * `POST /hooks/slack`: checks the signature over the raw bytes, hands on what was clicked or typed under an id that makes a
 * second delivery nothing, and answers. Nothing is decided here, and nothing slow is waited for.
 */
export function slackHook(deps: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const { slack } = deps;
    if (slack === null)
      return problem(c, { code: "not-found", detail: "This Gantry has no Slack.", next: "GET /api/v1" });
    const rawBody = new Uint8Array(await c.req.arrayBuffer());
    const headers = {
      timestamp: c.req.header("x-slack-request-timestamp"),
      signature: c.req.header("x-slack-signature"),
    };
    const verdict = verifySlack({ secrets: slack.signingSecrets, headers, rawBody, now: deps.clock.now() });
    if (!verdict.ok) {
      Object.assign(c.get("facts"), { slack: "unsigned", reason: verdict.reason });
      const detail = `The request is not signed by this Slack app: ${verdict.reason}.`;
      return problem(c, {
        code: "signature-invalid",
        detail,
        next: "Compare the signing secret with the one of the Slack app.",
      });
    }
    const request = readSlack({ contentType: c.req.header("content-type"), rawBody, expected: slack });
    Object.assign(c.get("facts"), { slack: request.kind });
    if (request.kind === "action") return onAction(c, { deps, slack }, request);
    if (request.kind === "view") return onView(c, deps, request);
    if (request.kind === "command") return onCommand(c, deps, request);
    if (request.kind === "refused") return onRefused(c, deps, request);
    return c.body(null, 200);
  };
}

type Around = Readonly<{ deps: ServiceDeps; slack: SlackDeps }>;

async function onAction(c: Context<AppEnv>, { deps, slack }: Around, action: SlackAction): Promise<Response> {
  const name = chatActionOf(action.actionId);
  const { subject, channel, actor, dedupeKey } = action;
  if (name === null || name === "console" || subject === null) return c.body(null, 200);
  if (name === "reject") return askWhy(c, { deps, slack }, action);
  const click: Click = {
    kind: "decision",
    decision: decisions[name],
    release: subject.release,
    approval: subject.approval,
    reason: "",
    user: { id: actor.id, name: actor.name, team: actor.teamId },
    channel,
    thread: threadOf(action),
  };
  return handOn(c, deps, { key: dedupeKey, click });
}

/**
 * Where the answer is seen: a root is clicked in the channel, and an answer in a thread that nobody has open is shown to
 * nobody (docs.slack.dev/reference/methods/chat.postEphemeral, `thread_ts`).
 */
function threadOf({ thread, messageTs }: SlackAction): string | null {
  return thread === messageTs ? null : thread;
}

/** A rejection says why: the dialog is opened here, because the right to open one lasts 3 s and no message is that sure. */
async function askWhy(c: Context<AppEnv>, { deps, slack }: Around, action: SlackAction): Promise<Response> {
  const { subject, triggerId, channel, messageTs: ts } = action;
  if (subject === null || triggerId === null) return c.body(null, 200);
  const record = await deps.store.release(subject.release);
  if (record === null) return c.body(null, 200);
  const context: RejectionContext = {
    release: subject.release,
    approval: subject.approval ?? "",
    channel,
    ts,
  };
  const signal = AbortSignal.timeout(openWithinMs);
  try {
    await slack.openView({ triggerId, view: rejectView({ record, context }), signal });
    return c.body(null, 200);
  } catch (error) {
    return notOpened(c, deps, action, error);
  }
}

/**
 * Slack shows somebody whose click fails a triangle without a word. So the click is taken, and they are told in the channel
 * what to do. A dialog that this very click opened before is no failure: Slack can send a click twice.
 */
async function notOpened(
  c: Context<AppEnv>,
  deps: ServiceDeps,
  action: SlackAction,
  error: unknown,
): Promise<Response> {
  const { subject, actor, channel, dedupeKey } = action;
  const fields = { release: subject?.release ?? null, user: actor.id, channel, err: String(error) };
  deps.log.warn(fields, "Slack did not open a dialog");
  const isOpen = error instanceof AppError && error.context["error"] === "exchanged_trigger_id";
  if (subject === null || isOpen) return c.body(null, 200);
  const user = { id: actor.id, name: actor.name, team: actor.teamId };
  const click: Click = { kind: "unasked", release: subject.release, user, channel, thread: threadOf(action) };
  return handOn(c, deps, { key: `${dedupeKey}/unasked`, click });
}

async function onView(c: Context<AppEnv>, deps: ServiceDeps, view: SlackView): Promise<Response> {
  const context = view.callbackId === rejectModal.callback ? parseRejection(view.privateMetadata) : null;
  if (context === null) return c.body(null, 200);
  const { actor, dedupeKey, inputs } = view;
  const reason = inputs.find(({ blockId }) => blockId === rejectModal.block)?.value ?? "";
  const click: Click = {
    kind: "decision",
    decision: "reject",
    release: context.release,
    approval: context.approval,
    reason: reason.slice(0, 3_000),
    user: { id: actor.id, name: actor.name, team: actor.teamId },
    channel: context.channel,
    thread: null,
  };
  return handOn(c, deps, { key: dedupeKey, click });
}

async function onCommand(
  c: Context<AppEnv>,
  deps: ServiceDeps,
  { actor, text, channel, dedupeKey }: SlackSlash,
): Promise<Response> {
  const user = { id: actor.id, name: actor.name, team: actor.teamId };
  const click: Click = { kind: "command", text: text.slice(0, 4_000), user, channel, thread: null };
  return handOn(c, deps, { key: dedupeKey, click });
}

/** Answered as taken, so that Slack shows no failure that tells a stranger more; they are told that nothing was decided. */
async function onRefused(
  c: Context<AppEnv>,
  deps: ServiceDeps,
  { why, actor, channel, problems, clicked }: SlackRefused,
): Promise<Response> {
  deps.log.warn(
    { why, user: actor?.id ?? null, team: actor?.teamId ?? null, channel, problems },
    "Refused a request through Slack",
  );
  if (why === "malformed")
    return problem(c, {
      code: "body-invalid",
      detail: `This is no payload of Slack's: ${problems.join("; ")}.`,
      next: "GET /api/v1",
    });
  if (actor === null || channel === null) return c.body(null, 200);
  const user = { id: actor.id, name: actor.name, team: actor.teamId };
  const key = `slack/stranger/${c.req.header("x-slack-signature")}`;
  const wanted = wantedBy(clicked);
  return handOn(c, deps, { key, click: { kind: "stranger", why, wanted, user, channel, thread: null } });
}

function wantedBy(clicked: SlackRefused["clicked"]): Extract<Click, { kind: "stranger" }>["wanted"] {
  const name = clicked === null ? null : chatActionOf(clicked.actionId);
  if (clicked === null || name === null || name === "console") return null;
  return { release: clicked.subject.release, decision: decisions[name] };
}

async function handOn(c: Context<AppEnv>, deps: ServiceDeps, what: KeyedClick): Promise<Response> {
  await deps.bus.publish([clickMessage(what)]);
  return c.body(null, 200);
}
