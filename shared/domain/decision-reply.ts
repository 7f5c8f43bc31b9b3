import { type ChatBlock, type ChatContent, content, plainText, section } from "./chat-blocks.ts";
import { longestBinding } from "./chat-buttons.ts";
import { escaped, mention, plain, slackDate } from "./chat-escape.ts";
import { parseReleaseId, type ReleaseId, type Timestamp } from "./ids.ts";
import { isSameName } from "./person-name.ts";
import { type ReleaseFacts, releaseName, serviceName } from "./release-facts.ts";
import { approvers } from "./release-message.ts";
import { wordsOf } from "./release-words.ts";

/** Why a click did nothing, with what the clicker has to know. */
export type DecisionRefusal =
  | Readonly<{ code: "not-an-approver"; from: readonly string[] }>
  | Readonly<{ code: "self-approval"; from: readonly string[] }>
  | Readonly<{ code: "approval-expired"; expiresAt: Timestamp }>
  | Readonly<{ code: "no-approval-awaited" }>
  | Readonly<{ code: "approval-voided" }>
  | Readonly<{ code: "already-decided"; decision: "approved" | "rejected"; by: string; at: Timestamp }>
  | Readonly<{ code: "not-a-member"; kind: "guest" | "deactivated" | "bot" | "stranger" }>
  | Readonly<{ code: "not-allowed" }>
  | Readonly<{ code: "group-not-askable"; groups: readonly string[]; next: string }>
  | Readonly<{ code: "not-possible"; why: string }>;

type Answers = {
  readonly [K in DecisionRefusal["code"]]: (
    refusal: Extract<DecisionRefusal, { code: K }>,
    facts: Pick<ReleaseFacts, "record" | "people">,
  ) => string;
};

const kinds = {
  guest: "Guests of this workspace decide nothing",
  deactivated: "This account is deactivated",
  bot: "A bot decides nothing",
  stranger: "Slack does not know this account in this workspace",
} as const;

const answers: Answers = {
  "not-an-approver": ({ from }, { record, people }) =>
    `You may not decide on ${releaseName(record)}. These may: ${approvers(from, people, 10)}.`,
  "self-approval": ({ from }, { record, people }) => {
    const others = from.filter((name) => !isSameName(name.replace(/^@/, ""), record.requestedBy.name));
    const who =
      from.length === 0
        ? "Anybody else may"
        : others.length === 0
          ? "Nobody else is named in `approval.from`"
          : `One of these has to: ${approvers(others, people, 10)}`;
    return `You pushed ${releaseName(record)} and may not approve it yourself. ${who}.`;
  },
  "approval-expired": ({ expiresAt }, { record }) =>
    `The time to decide on ${releaseName(record)} ended ${slackDate(expiresAt)}. To ask again: \`gantry deploy ${escaped(record.tag, 60)}\`.`,
  "no-approval-awaited": (_, { record }) =>
    `${releaseName(record)} waits for no approval: it ${wordsOf(record).sentence}.`,
  "approval-voided": (_, { record }) =>
    `What ${releaseName(record)} would do changed after this button was made, so it decides nothing. Look at the message as it is now and decide again.`,
  "already-decided": ({ decision, by, at }, { record, people }) =>
    `${releaseName(record)} was ${decision} by ${mention(by, people)} ${slackDate(at)}; the first decision counts.`,
  "not-a-member": ({ kind }, { record }) => `${kinds[kind]}: nothing was done to ${releaseName(record)}.`,
  "not-allowed": (_, { record }) =>
    `The policy names you in no group and not among its people, so you may look at ${releaseName(record)} but not act on it.`,
  "group-not-askable": ({ groups, next }, { record }) =>
    `Slack could not be asked just now who is in ${groups.map((group) => escaped(group, 60)).join(", ")}, so Gantry does not know whether you may decide on ${releaseName(record)}. Nothing was done, and nothing changed. Click again in a minute, or type \`${escaped(next, 200)}\`.`,
  "not-possible": ({ why }) => escaped(why, 400),
};

/** What the clicker alone is told when nothing was done, and why; the audit trail has it too. */
export function decisionReply(
  refusal: DecisionRefusal,
  facts: Pick<ReleaseFacts, "record" | "people">,
): ChatContent {
  const text = `✋ ${answerTo(refusal, facts)}`;
  return content(text.replaceAll("`", ""), [section([text])]);
}

function answerTo<K extends DecisionRefusal["code"]>(
  refusal: Extract<DecisionRefusal, { code: K }> & Readonly<{ code: K }>,
  facts: Pick<ReleaseFacts, "record" | "people">,
): string {
  return answers[refusal.code](refusal, facts);
}

/** What the modal hands back beside the reason: which release, under which approval, and where its message is. */
export type RejectionContext = Readonly<{
  release: ReleaseId;
  approval: string;
  channel: string;
  ts: string;
}>;

/** The names by which a `view_submission` is read: `view.state.values[block][action].value`. */
export const rejectModal = { callback: "gantry.reject", block: "gantry.reason", action: "reason" } as const;

/** As much as an audit trail wants to keep of a reason. */
export const longestReason = 500;

/** The modal that asks why; nothing is decided until it is sent. */
export function rejectView(
  params: Pick<ReleaseFacts, "record"> & Readonly<{ context: RejectionContext }>,
): ChatBlock {
  const { record, context } = params;
  const name = plain(`${serviceName(record.service)} ${record.tag}`, 120);
  const stays =
    record.stable === null
      ? "No other revision serves"
      : `${plain(record.stable, 63)} keeps 100 % of traffic`;
  return {
    type: "modal",
    callback_id: rejectModal.callback,
    title: plainText(plain(`Reject ${record.tag}`, 24)),
    submit: plainText("Reject"),
    close: plainText("Not now"),
    private_metadata: JSON.stringify({ v: 1, ...context }),
    blocks: [
      {
        type: "input",
        block_id: rejectModal.block,
        label: plainText(`Why is ${name} rejected? ${stays}, and everybody in the thread reads this.`),
        element: {
          type: "plain_text_input",
          action_id: rejectModal.action,
          multiline: true,
          min_length: 1,
          max_length: longestReason,
        },
      },
    ],
  };
}

/** Reads the `private_metadata` of `rejectView`; null = it is none. */
export function parseRejection(metadata: string): RejectionContext | null {
  const value = readObject(metadata);
  if (value === null || !("v" in value) || value.v !== 1) return null;
  if (!("release" in value && "approval" in value && "channel" in value && "ts" in value)) return null;
  const { approval, channel, ts } = value;
  const release = typeof value.release === "string" ? parseReleaseId(value.release) : null;
  if (release === null || typeof approval !== "string" || approval.length > longestBinding) return null;
  return typeof channel === "string" && typeof ts === "string" ? { release, approval, channel, ts } : null;
}

function readObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
