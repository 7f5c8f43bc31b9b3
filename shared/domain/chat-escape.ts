import type { Timestamp } from "./ids.ts";

const ellipsis = "…";

/** Cuts to a limit in UTF-16 units, the ellipsis counted in; never splits a surrogate pair. */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const room = Math.max(0, limit - ellipsis.length);
  const splitsPair =
    /[\uD800-\uDBFF]/.test(text.charAt(room - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(room));
  return `${text.slice(0, splitsPair ? room - 1 : room)}${ellipsis}`.slice(0, Math.max(0, limit));
}

/** Far more than any limit here: what follows cannot be seen, and is not looked at. */
const longestRead = 20_000;

/**
 * One line of what a person can see: without control, bidi and zero-width characters, with at most three combining
 * marks on a letter, half surrogate pairs replaced.
 */
export function visible(text: string): string {
  return text
    .slice(0, longestRead)
    .replace(/\s+/gu, " ")
    .replace(/\p{Cs}/gu, "\uFFFD")
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
    .replace(/(\p{M}{3})\p{M}+/gu, "$1")
    .trim();
}

/** Text for a `plain_text` object of Block Kit, where Slack formats nothing. */
export function plain(text: string, limit: number): string {
  return shortened(visible(text), limit);
}

/** What mrkdwn would read as more than text, and what stands in for it: it looks alike and does nothing. */
const lookAlikes: Readonly<Record<string, string>> = {
  "*": "∗",
  _: "ˍ",
  "~": "∼",
  "`": "ˋ",
  "@": "＠",
  "://": ":∕∕",
  ">": "›",
};

/**
 * A mark inside a word opens nothing in Slack, so `my_tag` stays copyable; at a word's border it would format. `@here`
 * and its like would call everybody where names are linked. A `>` that begins a line would quote it.
 */
const active = /(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`|:\/\/|^>|@(?=here|channel|everyone|group)/gi;

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * What a user typed, as mrkdwn that shows it and does nothing else: no mention, link, format or line break comes of
 * it. At most `limit` UTF-16 units after escaping; no entity is cut.
 * https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function escaped(text: string, limit: number): string {
  const harmless = visible(text).replace(active, (found) => lookAlikes[found] ?? found);
  const pieces = [...harmless].map((character) => entities[character] ?? character);
  if (lengthOf(pieces) <= limit) return pieces.join("");
  let room = limit - ellipsis.length;
  const end = pieces.findIndex((piece) => {
    room -= piece.length;
    return room < 0;
  });
  return limit <= 0 ? "" : `${pieces.slice(0, end).join("")}${ellipsis}`;
}

function lengthOf(pieces: readonly string[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

const style = { timeZone: "UTC", dateStyle: "medium", timeStyle: "short" } as const;

/** Made once, and when it is first needed: the first one of a process takes as long as loading all of Gantry's rules. */
let inUtc: Intl.DateTimeFormat | null = null;

function utc(): Intl.DateTimeFormat {
  inUtc ??= new Intl.DateTimeFormat("en-GB", style);
  return inUtc;
}

/** The last moment that a date can name (ECMA-262, 21.4.1.1). */
const lastMoment = 8.64e15;

/** A moment that each reader sees in their own zone; where it cannot be shown, in UTC. */
export function slackDate(at: Timestamp): string {
  if (!(Math.abs(at) <= lastMoment)) return "an unknown time";
  return `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${utc().format(at)} UTC>`;
}

/** Slack ids by the name that Gantry knows somebody by: `U…` or `W…` of a person, `S…` of a user group. */
export type Mentions = ReadonlyMap<string, string>;

/** Mentions who is known in Slack and names everybody else. */
export function mention(name: string, people: Mentions, limit = 60): string {
  const id = people.get(name) ?? "";
  if (/^[UW][A-Z0-9]{2,20}$/.test(id)) return `<@${id}>`;
  if (/^S[A-Z0-9]{2,20}$/.test(id)) return `<!subteam^${id}>`;
  return escaped(name, limit);
}

/** The address when it may stand in a link or a button; null when it is none, or longer than `limit`. */
export function linkable(address: string, limit = 600): string | null {
  return address.length <= limit && /^https?:\/\/[!#-;=?-[\]_a-z~]+$/.test(address) ? address : null;
}

/** A link, or its words alone where the address cannot be one. The words are escaped; a bar among them looks alike. */
export function link(address: string, words: string): string {
  const target = linkable(address);
  return target === null ? words : `<${target.replaceAll("&", "&amp;")}|${words.replaceAll("|", "∣")}>`;
}
