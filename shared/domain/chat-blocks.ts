import type { JsonValue } from "./release-config.ts";

/** One block of Slack's Block Kit, as JSON. */
export type ChatBlock = Readonly<{ [key: string]: JsonValue }>;

/** A message: a full sentence for notifications and screen readers, and what is drawn. */
export type ChatContent = Readonly<{ text: string; blocks: readonly ChatBlock[] }>;

/**
 * Bytes of JSON that a message of Gantry's may have. Slack refuses a message whose blocks sum up to about 13,200
 * (`msg_blocks_too_long`, https://github.com/slackapi/bolt-js/issues/2509).
 */
export const mostBytes = 10_000;

/** `verbatim`: Slack makes no link or mention of plain text; those that are written as such stay. */
function mrkdwn(text: string): ChatBlock {
  return { type: "mrkdwn", text, verbatim: true };
}

/** A paragraph of mrkdwn; its lines hold escaped text. */
export function section(lines: readonly string[]): ChatBlock {
  return { type: "section", text: mrkdwn(lines.join("\n")) };
}

/** Small print. */
export function context(lines: readonly string[]): ChatBlock {
  return { type: "context", elements: [mrkdwn(lines.join("\n"))] };
}

/** A text in which Slack formats nothing. */
export function plainText(text: string): ChatBlock {
  return { type: "plain_text", text, emoji: true };
}

/** The content with ids for its blocks that are new whenever anything in it is: clients redraw by id. */
export function content(text: string, blocks: readonly ChatBlock[]): ChatContent {
  const mark = fingerprint(JSON.stringify([text, blocks]));
  return { text, blocks: blocks.map((block, index) => ({ ...block, block_id: `gantry.${mark}.${index}` })) };
}

/** The first of these that is within the limit; the last one where none is. */
export function firstThatFits(candidates: readonly (() => ChatContent)[]): ChatContent {
  let made = content("", []);
  for (const make of candidates) {
    made = make();
    if (bytesOf(made) <= mostBytes) return made;
  }
  return made;
}

/** How many bytes something has as JSON. */
export function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** Tells texts apart, no more: FNV-1a of 32 bits, forwards and backwards. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fingerprint(text: string): string {
  const forwards = fnv1a(text, (index) => index);
  const backwards = fnv1a(text, (index) => text.length - 1 - index);
  return `${forwards}${backwards}`;
}

function fnv1a(text: string, at: (index: number) => number): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(at(index)), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}

/** A row of buttons. */
export function actions(elements: readonly ChatBlock[]): ChatBlock {
  return { type: "actions", elements };
}
