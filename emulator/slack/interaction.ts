import { ApiArguments } from "./api-call.ts";
import type { AppDelivery, Delivery } from "./app-delivery.ts";
import { type ActiveElement, activeElements } from "./block-kit.ts";
import type { Message } from "./message-log.ts";
import type { Notice } from "./notices.ts";
import { type ResponseContext, respond } from "./response-urls.ts";
import type { SlackCore } from "./slack-core.ts";
import { wireMessage } from "./wire.ts";
import type { Channel, Person } from "./workspace.ts";

/** Which button or menu somebody used. */
export type Click = Readonly<{
  channel: string;
  ts: string;
  actionId: string;
  /** Needed only when two blocks have the same action. */
  blockId?: string;
  /** The value chosen in a menu. */
  value?: string;
}>;

/** A click or a command that Slack itself would not have offered. */
export class NoSuchAction extends Error {}

/** Who acts, as every payload says it; the faults `other-workspace` and `other-app` lie here. */
export function identityFields(core: SlackCore, person: Person): Readonly<Record<string, unknown>> {
  const { installation, faults } = core;
  const otherWorkspace = faults.take("other-workspace") !== null;
  const teamId = otherWorkspace ? "T0FOREIGN" : installation.teamId;
  const domain = otherWorkspace ? "foreign" : installation.teamDomain;
  return {
    user: {
      id: person.id,
      username: person.name,
      name: person.name,
      team_id: otherWorkspace ? teamId : person.teamId,
    },
    team: { id: teamId, domain },
    api_app_id: appIdFor(core),
    token: "local-verification-token",
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** The app's id, or another one while the fault `other-app` is on. */
export function appIdFor({ faults, installation }: SlackCore): string {
  return faults.take("other-app") === null ? installation.appId : "A0FOREIGN";
}

/** Sends the `block_actions` of a click, whoever clicks. @throws NoSuchAction when the message has no such button. */
export async function sendClick(
  core: SlackCore,
  delivery: AppDelivery,
  { person, click }: Readonly<{ person: Person; click: Click }>,
): Promise<Delivery> {
  const channel = core.directory.channel(click.channel);
  const message = channel && core.messages.find(channel.id, click.ts);
  if (channel === null || message === null || (message.onlyFor ?? person.id) !== person.id)
    throw new NoSuchAction(`there is no message ${click.ts} in ${click.channel}`);
  const action = actionOf(message, click);
  const payload = {
    type: "block_actions",
    ...identityFields(core, person),
    ...place(core, channel, message),
    trigger_id: core.triggers.issue(person.id),
    state: { values: {} },
    response_url: responseUrl(core, "actions", {
      channel: channel.id,
      user: person.id,
      original: { ts: message.ts, threadTs: message.threadTs },
    }),
    actions: [{ ...action, action_ts: core.messages.nextTs() }],
  };
  const sent = await delivery.send("interactivity", { payload: JSON.stringify(payload) });
  core.notices.show(person.id, message.ts, noticeOf(sent));
  return sent;
}

function noticeOf({ error, status, ms }: Delivery): Notice {
  if (error === null) return { tone: "quiet", text: `acknowledged after ${ms} ms` };
  if (error === "operation_timeout")
    return { tone: "warning", text: `This app did not answer in time: timed out after ${ms} ms.` };
  const why = status === null ? "could not be reached" : `responded with status code ${status}`;
  return { tone: "warning", text: `This app ${why}.` };
}

function place(core: SlackCore, channel: Channel, message: Message): Readonly<Record<string, unknown>> {
  const isEphemeral = message.onlyFor !== null;
  const container = {
    type: "message",
    message_ts: message.ts,
    channel_id: channel.id,
    is_ephemeral: isEphemeral,
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
  };
  const place = { container, channel: { id: channel.id, name: channel.name } };
  return isEphemeral ? place : { ...place, message: wireMessage(core, message) };
}

function actionOf(message: Message, { actionId, blockId, value }: Click): Readonly<Record<string, unknown>> {
  for (const block of message.blocks) {
    if (blockId !== undefined && block.block_id !== blockId) continue;
    const element = activeElements(block).find(({ action_id }) => action_id === actionId);
    if (element !== undefined)
      return { action_id: actionId, block_id: block.block_id, ...chosen(element, value) };
  }
  throw new NoSuchAction(`message ${message.ts} has no action ${actionId}`);
}

function chosen(element: ActiveElement, value: string | undefined): Readonly<Record<string, unknown>> {
  if (element.type === "static_select") {
    const selected = element.options.find((option) => option.value === value);
    if (selected === undefined) throw new NoSuchAction(`the menu has no option ${value}`);
    return { type: element.type, selected_option: selected };
  }
  const { type, text, style } = element;
  return {
    type,
    text,
    ...(element.value === undefined ? {} : { value: element.value }),
    ...(style === undefined ? {} : { style }),
  };
}

export type SlashCommand = Readonly<{ channel: string; command: string; text: string }>;

/** Sends a slash command, and shows what the app answers in the same breath. */
export async function sendCommand(
  core: SlackCore,
  delivery: AppDelivery,
  { person, slash }: Readonly<{ person: Person; slash: SlashCommand }>,
): Promise<Delivery> {
  const channel = core.directory.channel(slash.channel);
  if (channel === null) throw new NoSuchAction(`there is no channel ${slash.channel}`);
  const context = { channel: channel.id, user: person.id, original: null };
  const sent = await delivery.send("command", commandForm(core, { person, channel, slash, context }));
  if (sent.error === null) showAnswer(core, context, sent.body);
  else tellOnly(core, context, `${slash.command} failed with the error "${sent.error}"`);
  return sent;
}

function commandForm(
  core: SlackCore,
  given: Readonly<{ person: Person; channel: Channel; slash: SlashCommand; context: ResponseContext }>,
): Readonly<Record<string, string>> {
  const { person, channel, slash, context } = given;
  const { installation, faults } = core;
  const otherWorkspace = faults.take("other-workspace") !== null;
  const home = person.teamId === installation.teamId ? installation.teamDomain : "other";
  return {
    token: "local-verification-token",
    team_id: otherWorkspace ? "T0FOREIGN" : person.teamId,
    team_domain: otherWorkspace ? "foreign" : home,
    channel_id: channel.id,
    channel_name: channel.name,
    user_id: person.id,
    user_name: person.name,
    command: slash.command,
    text: slash.text,
    api_app_id: appIdFor(core),
    is_enterprise_install: "false",
    response_url: responseUrl(core, "commands", context),
    trigger_id: core.triggers.issue(person.id),
  };
}

function showAnswer(core: SlackCore, context: ResponseContext, body: string): void {
  if (body.trim() === "") return;
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(body);
  } catch {
    // Plain text is an answer too.
  }
  const fields = typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [["text", body]];
  try {
    respond(core, context, new ApiArguments(Object.fromEntries(fields)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    tellOnly(core, context, `The app's answer cannot be shown: ${why}`);
  }
}

/** A message that only the person sees who acted. */
function tellOnly(core: SlackCore, { channel, user }: ResponseContext, text: string): void {
  core.messages.post({ channel, user: core.installation.botUserId, fromApp: true, text, onlyFor: user });
}

function responseUrl(core: SlackCore, kind: "actions" | "commands", context: ResponseContext): string {
  return core.baseUrl() + core.responseUrls.issue(kind, core.installation.teamId, context);
}
