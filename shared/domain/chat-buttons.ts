import { can } from "./capabilities.ts";
import { actions, type ChatBlock, plainText } from "./chat-blocks.ts";
import { linkable, plain } from "./chat-escape.ts";
import { parseReleaseId, type ReleaseId } from "./ids.ts";
import {
  inSteps,
  type ReleaseFacts,
  serviceName,
  stepsAhead,
  trafficSteps,
  wayBackOf,
} from "./release-facts.ts";

/** The `action_id` of each button under a release's message. */
export const chatActions = {
  approve: "gantry.approve",
  reject: "gantry.reject",
  pause: "gantry.pause",
  resume: "gantry.resume",
  promote: "gantry.promote",
  rollBack: "gantry.rollback",
  console: "gantry.console",
} as const;

export type ChatAction = keyof typeof chatActions;

/** What a click asks for; null = no button of Gantry's. */
export function chatActionOf(actionId: string): ChatAction | null {
  return names.find((name) => chatActions[name] === actionId) ?? null;
}

const names = ["approve", "reject", "pause", "resume", "promote", "rollBack", "console"] as const;

/** What a button carries. It can be read and sent again by anybody in the channel: a claim, never a proof. */
export type ButtonValue = Readonly<{ release: ReleaseId; approval: string | null }>;

/** No longer binding is put on a button: two of them have to fit into one message. */
export const longestBinding = 200;

export function buttonValue({ release, approval }: ButtonValue): string {
  return JSON.stringify({ v: 1, release, approval });
}

/** Null when the text is nothing that `buttonValue` makes. */
export function parseButtonValue(text: string): ButtonValue | null {
  const value = readJson(text);
  if (typeof value !== "object" || value === null) return null;
  if (!("v" in value && "release" in value && "approval" in value) || value.v !== 1) return null;
  const { approval } = value;
  const release = typeof value.release === "string" ? parseReleaseId(value.release) : null;
  if (release === null || !(approval === null || typeof approval === "string")) return null;
  return { release, approval };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

type Offer = Readonly<{
  action: Exclude<ChatAction, "console">;
  label: string;
  style: "primary" | "danger" | null;
  title: string;
  consequence: string;
  yes: string;
}>;

/** The row of what may be done now; null when there is nothing to click. */
export function buttonRow(facts: ReleaseFacts): ChatBlock | null {
  const elements = [...offersOf(facts).map((offer) => button(offer, facts)), ...consoleButton(facts)];
  return elements.length === 0 ? null : actions(elements);
}

function button(offer: Offer, { record, approval }: ReleaseFacts): ChatBlock {
  const { action, label, style, title, consequence, yes } = offer;
  return {
    type: "button",
    action_id: chatActions[action],
    text: plainText(plain(label, 75)),
    value: buttonValue({ release: record.id, approval: bindingOf(action, approval) }),
    ...(style === null ? {} : { style }),
    confirm: {
      title: plainText(plain(title, 100)),
      text: plainText(plain(consequence, 300)),
      confirm: plainText(plain(yes, 30)),
      deny: plainText("Not now"),
      style: style ?? "primary",
    },
  };
}

function bindingOf(action: ChatAction, approval: ReleaseFacts["approval"]): string | null {
  return action === "approve" || action === "reject" ? (approval?.id ?? null) : null;
}

function consoleButton({ consoleUrl }: ReleaseFacts): readonly ChatBlock[] {
  const url = linkable(consoleUrl);
  if (url === null) return [];
  return [{ type: "button", action_id: chatActions.console, text: plainText("Open console"), url }];
}

/** Empty while a decision is under way: a message must be disarmed before the slow work begins. */
function offersOf(facts: ReleaseFacts): readonly Offer[] {
  const { record, underWay, canGoBack = false } = facts;
  if (underWay !== undefined && underWay !== null) return [];
  const ahead = stepsBeyond(facts);
  const goesBack = can.rollBack(record).allowed || (canGoBack && record.status === "live");
  return [
    ...(isDecidable(facts) ? [approveOffer(facts), rejectOffer(facts)] : []),
    ...(can.pause(record).allowed ? [pauseOffer(facts)] : []),
    ...(can.resume(record).allowed ? [resumeOffer(facts)] : []),
    ...(can.promote(record).allowed && ahead.length > 0 ? [promoteOffer(facts)] : []),
    ...(goesBack ? [rollBackOffer(facts)] : []),
  ];
}

/** A decision that would not be bound to this digest and plan is not offered. */
function isDecidable({ record, approval }: ReleaseFacts): boolean {
  if (approval === undefined || approval === null || approval.id.length > longestBinding) return false;
  return can.approve(record).allowed && can.reject(record).allowed;
}

function tagOf({ record }: ReleaseFacts): string {
  return plain(record.tag, 60);
}

function serviceOf({ record }: ReleaseFacts): string {
  return plain(serviceName(record.service), 60);
}

function approveOffer(facts: ReleaseFacts): Offer {
  const { record, approval } = facts;
  const ahead = stepsAhead(record);
  const given = (approval?.approvedBy.length ?? 0) + 1;
  const count = approval?.count ?? 1;
  const isLast = given >= count;
  const consequence = `Give ${tagOf(facts)} ${trafficSteps(ahead)}`;
  return {
    action: "approve",
    label: `Approve ${ahead[0] ?? 100} %`,
    style: "primary",
    title: `Approve ${tagOf(facts)} of ${serviceOf(facts)}?`,
    consequence: isLast ? `${consequence}?` : `${consequence}, once ${count - given} more approved?`,
    yes: "Approve",
  };
}

function rejectOffer(facts: ReleaseFacts): Offer {
  const { stable } = facts.record;
  const stays = stable === null ? "No other revision serves" : `${plain(stable, 63)} keeps 100 % of traffic`;
  return {
    action: "reject",
    label: "Reject",
    style: "danger",
    title: `Reject ${tagOf(facts)} of ${serviceOf(facts)}?`,
    consequence: `End ${tagOf(facts)}? ${stays}. You are asked for the reason next.`,
    yes: "Reject",
  };
}

/** The share that a click finds: a step that is on its way comes to pass whatever is clicked meanwhile. */
function shareInSight({ record }: ReleaseFacts): number {
  return Math.max(record.percent, record.nextPercent ?? 0);
}

function stepsBeyond(facts: ReleaseFacts): readonly number[] {
  const share = shareInSight(facts);
  return stepsAhead(facts.record).filter((ahead) => ahead > share);
}

function pauseOffer(facts: ReleaseFacts): Offer {
  const percent = shareInSight(facts);
  return {
    action: "pause",
    label: "Pause",
    style: null,
    title: `Pause ${tagOf(facts)} of ${serviceOf(facts)}?`,
    consequence: `Keep ${tagOf(facts)} at ${percent} % of traffic until somebody resumes it? It is still watched.`,
    yes: "Pause",
  };
}

function resumeOffer(facts: ReleaseFacts): Offer {
  const ahead = stepsBeyond(facts);
  const next = ahead.length === 0 ? "on to the bake" : `on to ${trafficSteps(ahead)}`;
  return {
    action: "resume",
    label: "Resume",
    style: null,
    title: `Resume ${tagOf(facts)} of ${serviceOf(facts)}?`,
    consequence: `Let ${tagOf(facts)} go ${next}, each step watched?`,
    yes: "Resume",
  };
}

function promoteOffer(facts: ReleaseFacts): Offer {
  const skipped = stepsBeyond(facts).filter((share) => share < 100);
  const without = skipped.length === 0 ? "without waiting any longer" : `without ${inSteps(skipped)} first`;
  return {
    action: "promote",
    label: "Promote to 100 %",
    style: null,
    title: `Promote ${tagOf(facts)} of ${serviceOf(facts)}?`,
    consequence: `Give ${tagOf(facts)} 100 % of traffic now, ${without}?`,
    yes: "Promote",
  };
}

function rollBackOffer(facts: ReleaseFacts): Offer {
  const target = wayBackOf(facts);
  const quarantine = `The image of ${tagOf(facts)} goes into quarantine.`;
  return {
    action: "rollBack",
    label: "Roll back",
    style: "danger",
    title: `Roll back ${serviceOf(facts)}?`,
    consequence:
      target === null
        ? `End ${tagOf(facts)}? There is no earlier revision to give the traffic to. ${quarantine}`
        : `Give all traffic back to ${plain(target, 63)} now? ${quarantine}`,
    yes: "Roll back",
  };
}
