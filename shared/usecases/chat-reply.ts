import { type ChatContent, content, section } from "../domain/chat-blocks.ts";

/** A sentence or a few as a message; the caller has escaped what somebody typed. */
export function plainReply(text: string): ChatContent {
  return content(text.replaceAll("`", ""), [section([text])]);
}

/** Slack takes 3,000 characters in a section (docs.slack.dev/reference/block-kit/blocks/section-block). */
const mostCharacters = 2_800;

/** As many lines as one section takes, and how many more there are, with where they are. */
export function listReply(lines: readonly string[], consoleUrl: string): ChatContent {
  const shown: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > mostCharacters) break;
    shown.push(line);
  }
  const more = lines.length - shown.length;
  const rest = more === 0 ? [] : [`… and ${more} more: ${consoleUrl}`];
  return plainReply([...shown, ...rest].join("\n"));
}
