import { expect } from "chai";
import type { ChatContent } from "../../shared/domain/chat-blocks.ts";

/**
 * Slack's limits, as its reference states them (https://docs.slack.dev/reference/block-kit): lengths in UTF-16 units.
 * Only what Gantry sends is known; everything else is a complaint.
 */
const limits = {
  blocks: 50,
  viewBlocks: 100,
  sectionText: 3000,
  fields: 10,
  fieldText: 2000,
  contextElements: 10,
  actionElements: 25,
  id: 255,
  buttonText: 75,
  value: 2000,
  url: 3000,
  confirmTitle: 100,
  confirmText: 300,
  confirmLabel: 30,
  messageText: 4000,
  inputLabel: 2000,
  inputLength: 3000,
  placeholder: 150,
  viewTitle: 24,
  viewButton: 24,
  metadata: 3000,
  bytes: 10_000,
} as const;

type Json = Readonly<Record<string, unknown>>;
type Report = (complaint: string) => unknown;

/** Every way in which a message breaks a limit or the form of Block Kit; empty = Slack takes it. */
export function messageComplaints(message: ChatContent): readonly string[] {
  const found: string[] = [];
  checkLength("text", message.text, limits.messageText, (complaint) => found.push(complaint));
  if (message.text === "") found.push("text is empty");
  if (message.blocks.length > limits.blocks) found.push(`${message.blocks.length} blocks`);
  checkBlocks(message.blocks, (complaint) => found.push(complaint));
  const bytes = Buffer.byteLength(JSON.stringify(message));
  if (bytes > limits.bytes) found.push(`${bytes} bytes`);
  return found;
}

/** Every way in which a modal breaks a limit or the form of Block Kit. */
export function viewComplaints(view: Json): readonly string[] {
  const found: string[] = [];
  const report: Report = (complaint) => found.push(complaint);
  if (view["type"] !== "modal") report("a view that is no modal");
  checkText("title", view["title"], { limit: limits.viewTitle, kinds: ["plain_text"] }, report);
  checkText("submit", view["submit"], { limit: limits.viewButton, kinds: ["plain_text"] }, report);
  checkText("close", view["close"], { limit: limits.viewButton, kinds: ["plain_text"] }, report);
  checkLength("callback_id", view["callback_id"], limits.id, report);
  checkLength("private_metadata", view["private_metadata"], limits.metadata, report);
  const blocks = listOf(view["blocks"], "blocks", report);
  if (blocks.length > limits.viewBlocks) report(`${blocks.length} blocks`);
  checkBlocks(blocks, report);
  return found;
}

/** Fails a test with every complaint about the message. */
export function expectAccepted(message: ChatContent): void {
  expect(messageComplaints(message)).to.deep.equal([]);
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown, what: string, report: Report): readonly Json[] {
  if (Array.isArray(value) && value.every(isRecord)) return value;
  report(`${what} is no list of objects`);
  return [];
}

function checkLength(what: string, value: unknown, limit: number, report: Report): void {
  if (typeof value !== "string") {
    report(`${what} is no text`);
    return;
  }
  if (value.length > limit) report(`${what} has ${value.length} of ${limit} characters`);
  if (!isWellFormed(value)) report(`${what} holds half a surrogate pair`);
}

function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

function checkKeys(what: string, value: Json, allowed: readonly string[], report: Report): void {
  for (const key of Object.keys(value)) if (!allowed.includes(key)) report(`${what} has an unknown ${key}`);
}

type TextRule = Readonly<{ limit: number; kinds?: readonly string[] }>;

function checkText(what: string, value: unknown, rule: TextRule, report: Report): void {
  if (!isRecord(value)) {
    report(`${what} is no text object`);
    return;
  }
  const { limit, kinds = ["plain_text", "mrkdwn"] } = rule;
  if (!kinds.some((kind) => kind === value["type"])) report(`${what} is a ${String(value["type"])}`);
  checkKeys(what, value, ["type", "text", value["type"] === "mrkdwn" ? "verbatim" : "emoji"], report);
  checkLength(what, value["text"], limit, report);
  if (value["text"] === "") report(`${what} is empty`);
  if (value["type"] === "mrkdwn") checkMrkdwn(what, String(value["text"]), report);
}

/** The control sequences that Gantry writes; any other angle bracket is a user's that slipped through. */
const sequences =
  /<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^<>|]+|https?:\/\/[^<>|\s]+\|[^<>|]+)>/g;

function checkMrkdwn(what: string, text: string, report: Report): void {
  const rest = text.replace(sequences, "");
  if (/[<>]/.test(rest)) report(`${what} has an open angle bracket: ${rest}`);
  if (/&(?!amp;|lt;|gt;)/.test(text)) report(`${what} has an open ampersand: ${text}`);
}

function checkBlocks(blocks: readonly Json[], report: Report): void {
  const ids = blocks.map((block) => block["block_id"]);
  if (new Set(ids).size !== ids.length) report("two blocks have the same id");
  blocks.forEach((block, index) => {
    const what = `blocks[${index}]`;
    checkLength(`${what}.block_id`, block["block_id"], limits.id, report);
    const check = checkers[String(block["type"])];
    if (check === undefined) report(`${what} is a ${String(block["type"])}`);
    else check(what, block, report);
  });
}

type Checker = (what: string, block: Json, report: Report) => void;

const checkers: Readonly<Record<string, Checker>> = {
  section(what, block, report) {
    checkKeys(what, block, ["type", "block_id", "text", "fields"], report);
    if (block["text"] !== undefined)
      checkText(`${what}.text`, block["text"], { limit: limits.sectionText }, report);
    const fields = block["fields"] === undefined ? [] : listOf(block["fields"], `${what}.fields`, report);
    if (fields.length > limits.fields) report(`${what} has ${fields.length} fields`);
    for (const field of fields) checkText(`${what}.fields`, field, { limit: limits.fieldText }, report);
    if (block["text"] === undefined && fields.length === 0) report(`${what} says nothing`);
  },
  context(what, block, report) {
    checkKeys(what, block, ["type", "block_id", "elements"], report);
    const elements = listOf(block["elements"], `${what}.elements`, report);
    if (elements.length === 0 || elements.length > limits.contextElements)
      report(`${what}: ${elements.length} elements`);
    for (const element of elements)
      checkText(`${what}.elements`, element, { limit: limits.sectionText }, report);
  },
  actions(what, block, report) {
    checkKeys(what, block, ["type", "block_id", "elements"], report);
    const elements = listOf(block["elements"], `${what}.elements`, report);
    if (elements.length === 0 || elements.length > limits.actionElements)
      report(`${what}: ${elements.length} elements`);
    const ids = elements.map((element) => element["action_id"]);
    if (new Set(ids).size !== ids.length) report(`${what} has the same action twice`);
    for (const element of elements) checkButton(`${what}.${String(element["action_id"])}`, element, report);
  },
  input(what, block, report) {
    checkKeys(what, block, ["type", "block_id", "label", "element", "optional"], report);
    checkText(`${what}.label`, block["label"], { limit: limits.inputLabel, kinds: ["plain_text"] }, report);
    const { element } = block;
    if (!isRecord(element) || element["type"] !== "plain_text_input") {
      report(`${what} has no input`);
      return;
    }
    checkKeys(
      what,
      element,
      ["type", "action_id", "multiline", "min_length", "max_length", "placeholder"],
      report,
    );
    checkLength(`${what}.action_id`, element["action_id"], limits.id, report);
    if (Number(element["max_length"]) > limits.inputLength) report(`${what} takes too long a text`);
    const { placeholder } = element;
    if (placeholder !== undefined)
      checkText(
        `${what}.placeholder`,
        placeholder,
        { limit: limits.placeholder, kinds: ["plain_text"] },
        report,
      );
  },
};

function checkButton(what: string, button: Json, report: Report): void {
  checkKeys(what, button, ["type", "action_id", "text", "value", "url", "style", "confirm"], report);
  if (button["type"] !== "button") report(`${what} is no button`);
  checkLength(`${what}.action_id`, button["action_id"], limits.id, report);
  checkText(`${what}.text`, button["text"], { limit: limits.buttonText, kinds: ["plain_text"] }, report);
  if (button["value"] !== undefined) checkLength(`${what}.value`, button["value"], limits.value, report);
  if (button["url"] !== undefined) checkLength(`${what}.url`, button["url"], limits.url, report);
  if (!["primary", "danger", undefined].includes(styleOf(button))) report(`${what} has an unknown style`);
  const { confirm } = button;
  if (confirm === undefined) return;
  if (!isRecord(confirm)) {
    report(`${what}.confirm is no object`);
    return;
  }
  checkKeys(`${what}.confirm`, confirm, ["title", "text", "confirm", "deny", "style"], report);
  checkText(
    `${what}.confirm.title`,
    confirm["title"],
    { limit: limits.confirmTitle, kinds: ["plain_text"] },
    report,
  );
  checkText(`${what}.confirm.text`, confirm["text"], { limit: limits.confirmText }, report);
  for (const label of ["confirm", "deny"])
    checkText(
      `${what}.${label}`,
      confirm[label],
      { limit: limits.confirmLabel, kinds: ["plain_text"] },
      report,
    );
}

function styleOf(button: Json): string | undefined {
  return button["style"] === undefined ? undefined : String(button["style"]);
}

/** All that a person reads of a message's blocks, a line each; a button as `[label]`. */
export function readableLines(message: ChatContent): readonly string[] {
  return message.blocks.flatMap((block) => readable(block));
}

function readable(block: Json): readonly string[] {
  const { type, text, elements } = block;
  if (type === "button" && isRecord(text)) return [`[${String(text["text"])}]`];
  if (type === "actions" && Array.isArray(elements)) {
    return [elements.filter(isRecord).flatMap(readable).join(" ")];
  }
  if (Array.isArray(elements)) return elements.filter(isRecord).flatMap(readable);
  if (isRecord(text)) return String(text["text"]).split("\n");
  return typeof text === "string" ? text.split("\n") : [];
}

/** The buttons of a message by action id. */
export function buttonsOf(message: ChatContent): ReadonlyMap<string, Json> {
  const elements = message.blocks.flatMap((block) =>
    block["type"] === "actions" && Array.isArray(block["elements"]) ? block["elements"].filter(isRecord) : [],
  );
  return new Map(elements.map((element) => [String(element["action_id"]), element]));
}
