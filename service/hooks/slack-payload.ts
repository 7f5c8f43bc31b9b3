import { z } from "zod";
import { parseReleaseId, type ReleaseId } from "../../shared/domain/ids.ts";
import {
  type Click,
  clickSchema,
  commandSchema,
  readForm,
  readJson,
  type SlashForm,
  type Submission,
  submissionSchema,
} from "./slack-form.ts";

/** Who acted, as Slack says in a signed payload. `teamId` is their own workspace. */
export type SlackActor = Readonly<{ id: string; name: string; teamId: string }>;

/** What a button or a dialog of ours means. It is readable by everyone: it names a release and proves nothing. */
export type SlackSubject = Readonly<{ release: ReleaseId; approval: string | null }>;

/** `dedupeKey` is the same for the same click, submission or command, and different for any other. */
type Acted = Readonly<{ dedupeKey: string; actor: SlackActor }>;

export type SlackAction = Acted &
  Readonly<{
    kind: "action";
    actionId: string;
    blockId: string;
    /** Null = the button names no release that can be read: a link, or one of another version of Gantry. */
    subject: SlackSubject | null;
    actionTs: string;
    channel: string;
    messageTs: string;
    thread: string | null; // the root of the thread that the message stands in
    triggerId: string | null;
  }>;

export type SlackView = Acted &
  Readonly<{
    kind: "view";
    viewId: string;
    callbackId: string;
    privateMetadata: string;
    inputs: readonly Readonly<{ blockId: string; actionId: string; value: string | null }>[];
    triggerId: string | null;
  }>;

export type SlackSlash = Acted &
  Readonly<{
    kind: "command";
    command: string;
    text: string;
    channel: string;
    triggerId: string;
  }>;

/** `actor` and `channel` null = the payload does not say in a form that can be read. */
export type SlackRefused = Readonly<{
  kind: "refused";
  why: "other-workspace" | "other-app" | "malformed";
  actor: SlackActor | null;
  channel: string | null;
  problems: readonly string[];
  /** The button that a stranger clicked; null = none that names a release. */
  clicked: Readonly<{ actionId: string; subject: SlackSubject }> | null;
}>;

export type SlackRequest =
  | SlackAction
  | SlackView
  | SlackSlash
  | Readonly<{ kind: "ignored"; why: string }>
  | SlackRefused;

/** Workspaces that may act, and the app that they act through. */
export type ExpectedSlack = Readonly<{ teamIds: readonly string[]; appId: string }>;

/**
 * Reads a request whose signature was checked: a click, a submitted dialog, a slash command. Refuses what comes through
 * another app or from somebody of another workspace, also one who shares a channel. Never throws.
 */
export function readSlack(
  params: Readonly<{ contentType: string | undefined; rawBody: Uint8Array; expected: ExpectedSlack }>,
): SlackRequest {
  const { expected } = params;
  const form = readForm(params);
  if (form === null) return malformed(["the body is no form"]);
  if (form["ssl_check"] === "1") return { kind: "ignored", why: "Slack checks the certificate." };
  const text = form["payload"];
  if (text !== undefined) return readInteraction(readJson(text), expected);
  if (form["command"] !== undefined)
    return readWith(commandSchema, form, (slash) => onCommand(slash, expected));
  return { kind: "ignored", why: "It is neither a click nor a command." };
}

const typed = z.object({ type: z.string().max(100) });

function readInteraction(payload: unknown, expected: ExpectedSlack): SlackRequest {
  return readWith(typed, payload, ({ type }) => {
    if (type === "block_actions") return readWith(clickSchema, payload, (click) => onClick(click, expected));
    if (type === "view_submission") {
      return readWith(submissionSchema, payload, (submission) => onSubmission(submission, expected));
    }
    return { kind: "ignored", why: `Gantry does nothing on "${type}".` };
  });
}

function readWith<T>(schema: z.ZodType<T>, value: unknown, then: (read: T) => SlackRequest): SlackRequest {
  const parsed = schema.safeParse(value);
  if (parsed.success) return then(parsed.data);
  return malformed(parsed.error.issues.slice(0, 10).map((at) => `${at.path.join(".")}: ${at.message}`));
}

function malformed(problems: readonly string[]): SlackRefused {
  return { kind: "refused", why: "malformed", actor: null, channel: null, problems, clicked: null };
}

function onClick(click: Click, expected: ExpectedSlack): SlackRequest {
  const { container, message, trigger_id: triggerId = null } = click;
  const [{ action_id: actionId, block_id: blockId, action_ts: actionTs, value }] = click.actions;
  const channel = click.channel?.id ?? container.channel_id ?? null;
  const actor = actorOf(click);
  const strange = refusalFor(
    { actor, channel, appIds: [click.api_app_id], teamId: click.team?.id },
    expected,
  );
  const subject = readSlackSubject(value ?? "");
  if (strange !== null) return { ...strange, clicked: subject === null ? null : { actionId, subject } };
  const messageTs = message?.ts ?? container.message_ts ?? null;
  if (channel === null || messageTs === null)
    return { kind: "ignored", why: "The click is not in a message." };
  return {
    kind: "action",
    dedupeKey: dedupeKey({ teamId: click.team?.id, actor, at: actionTs, action: actionId }),
    actor,
    actionId,
    blockId,
    subject,
    actionTs,
    channel,
    messageTs,
    thread: message?.thread_ts ?? container.thread_ts ?? null,
    triggerId,
  };
}

function onSubmission(submission: Submission, expected: ExpectedSlack): SlackRequest {
  const { view, team, trigger_id: triggerId = null } = submission;
  const actor = actorOf(submission);
  const appIds = [submission.api_app_id, view.app_id ?? submission.api_app_id];
  const strange = refusalFor({ actor, channel: null, appIds, teamId: team?.id }, expected);
  if (strange !== null) return strange;
  const inputs = Object.entries(view.state.values).flatMap(([blockId, fields]) =>
    Object.entries(fields).map(([actionId, field]) => {
      return { blockId, actionId, value: field.value ?? field.selected_option?.value ?? null };
    }),
  );
  return {
    kind: "view",
    dedupeKey: dedupeKey({ teamId: team?.id, actor, at: view.id, action: view.callback_id }),
    actor,
    viewId: view.id,
    callbackId: view.callback_id,
    privateMetadata: view.private_metadata,
    inputs,
    triggerId,
  };
}

function onCommand(slash: SlashForm, expected: ExpectedSlack): SlackRequest {
  const { team_id: teamId, command, text, channel_id: channel, trigger_id: triggerId } = slash;
  const actor = { id: slash.user_id, name: slash.user_name, teamId };
  const strange = refusalFor({ actor, channel, appIds: [slash.api_app_id], teamId }, expected);
  if (strange !== null) return strange;
  const key = dedupeKey({ teamId, actor, at: triggerId, action: command.slice(1) });
  return {
    kind: "command",
    dedupeKey: key,
    actor,
    command,
    text,
    channel,
    triggerId,
  };
}

function actorOf({ user, team }: Pick<Click, "user" | "team">): SlackActor {
  return { id: user.id, name: user.username || user.name, teamId: user.team_id ?? team?.id ?? "" };
}

type Origin = Readonly<{
  actor: SlackActor;
  channel: string | null;
  appIds: readonly string[];
  teamId: string | undefined; // where it happened; absent for an app that a whole organization installed
}>;

function refusalFor(
  { actor, channel, appIds, teamId }: Origin,
  expected: ExpectedSlack,
): SlackRefused | null {
  const refused = { kind: "refused", actor, channel, problems: [], clicked: null } as const;
  if (appIds.some((id) => id !== expected.appId)) return { ...refused, why: "other-app" };
  const teams = teamId === undefined ? [actor.teamId] : [actor.teamId, teamId];
  return teams.every((id) => expected.teamIds.includes(id)) ? null : { ...refused, why: "other-workspace" };
}

/** Each part but the last is one of Slack's ids, in which no slash stands. */
function dedupeKey(
  parts: Readonly<{ teamId: string | undefined; actor: SlackActor; at: string; action: string }>,
): string {
  const { teamId, actor, at, action } = parts;
  return `slack/${teamId ?? actor.teamId}/${actor.id}/${at}/${action}`;
}

const subjectSchema = z.object({
  v: z.literal(1),
  release: z.string(),
  approval: z
    .string()
    .regex(/^[\x21-\x7e]{1,512}$/)
    .nullable()
    .default(null),
});

/** What the `value` of a button of ours, `{"v":1,"release":"r-…","approval":"…"|null}`, names; null when it is none. */
export function readSlackSubject(value: string): SlackSubject | null {
  const parsed = subjectSchema.safeParse(readJson(value));
  const release = parsed.success ? parseReleaseId(parsed.data.release) : null;
  return parsed.success && release !== null ? { release, approval: parsed.data.approval } : null;
}
