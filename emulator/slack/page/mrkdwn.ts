/** One piece of a text as Slack's markup has it. Texts in it are plain: nothing in them is markup any more. */
export type Piece = Readonly<
  | { kind: "text" | "code" | "fence" | "emoji" | "mention"; text: string }
  | { kind: "bold" | "italic" | "strike" | "quote"; pieces: readonly Piece[] }
  | { kind: "link"; url: string; text: string }
  | { kind: "user" | "channel" | "group"; id: string; text: string }
  | { kind: "date"; atMs: number; format: string; url: string | null; fallback: string }
  | { kind: "break" }
>;

/** Reads Slack's `mrkdwn` (docs.slack.dev/messaging/formatting-message-text). Whatever is no markup is text. */
export function parseMrkdwn(source: string): readonly Piece[] {
  return source.split(/(```[\s\S]*?```)/).flatMap((part, at): readonly Piece[] => {
    if (at % 2 === 1) return [{ kind: "fence", text: plainOf(part.slice(3, -3).replace(/^\n/, "")) }];
    return lines(part);
  });
}

/** A text without markup but with emoji, as `plain_text` is shown. */
export function parsePlain(source: string): readonly Piece[] {
  return withEmoji(decoded(source));
}

function lines(source: string): readonly Piece[] {
  const rows = source.split("\n");
  return rows.flatMap((row, at): readonly Piece[] => {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(row)?.[1];
    if (quoted !== undefined) return [{ kind: "quote", pieces: inline(quoted) }];
    const end: readonly Piece[] = at === rows.length - 1 ? [] : [{ kind: "break" }];
    return [...inline(row), ...end];
  });
}

const spans = /`([^`\n]+)`|<([^<>\n]+)>/;
const emphasis =
  /(?<![\p{L}\p{N}])(?:\*(?=\S)([^*]*?[^\s*])\*|_(?=\S)([^_]*?[^\s_])_|~(?=\S)([^~]*?[^\s~])~)(?![\p{L}\p{N}])/u;

/** A piece that formatting may stand around, kept out of its way as one character of the private use area. */
type Held = { readonly pieces: Piece[] };

function inline(source: string): readonly Piece[] {
  const held: Held = { pieces: [] };
  let rest = source.replace(/[\uE000-\uF8FF]/g, "");
  let text = "";
  for (let found = spans.exec(rest); found !== null; found = spans.exec(rest)) {
    const [whole, code, bracket = ""] = found;
    const piece: Piece = code === undefined ? bracketPiece(bracket) : { kind: "code", text: decoded(code) };
    text += rest.slice(0, found.index) + hold(held, piece);
    rest = rest.slice(found.index + whole.length);
  }
  return emphasized(text + rest, held);
}

function hold(held: Held, piece: Piece): string {
  held.pieces.push(piece);
  return String.fromCharCode(0xe000 + Math.min(held.pieces.length - 1, 0x18ff));
}

function emphasized(source: string, held: Held): readonly Piece[] {
  const found = emphasis.exec(source);
  if (found === null) return released(source, held);
  const [whole, bold, italic, strike] = found;
  const inner = bold ?? italic ?? strike ?? "";
  const kind = bold !== undefined ? "bold" : italic !== undefined ? "italic" : "strike";
  return [
    ...released(source.slice(0, found.index), held),
    { kind, pieces: emphasized(inner, held) },
    ...emphasized(source.slice(found.index + whole.length), held),
  ];
}

function released(source: string, held: Held): readonly Piece[] {
  return source.split(/([\uE000-\uF8FF])/).flatMap((part): readonly Piece[] => {
    const piece = /^[\uE000-\uF8FF]$/.test(part) ? held.pieces[part.charCodeAt(0) - 0xe000] : undefined;
    return piece === undefined ? withAddresses(part) : [piece];
  });
}

function withAddresses(source: string): readonly Piece[] {
  return source.split(/(https?:\/\/[^\s<>|"]*[^\s<>|.,;:!?)'"])/).flatMap((part, at): readonly Piece[] => {
    const text = decoded(part);
    return at % 2 === 1 ? [{ kind: "link", url: text, text }] : withEmoji(text);
  });
}

function withEmoji(text: string): readonly Piece[] {
  return text
    .split(/:([a-z0-9_+'-]+):/)
    .map((part, at): Piece => ({ kind: at % 2 === 1 ? "emoji" : "text", text: part }))
    .filter((piece) => piece.kind !== "text" || piece.text !== "");
}

function bracketPiece(inside: string): Piece {
  const [target = "", ...labels] = inside.split("|");
  const label = labels.length === 0 ? null : decoded(labels.join("|"));
  if (target.startsWith("!date^")) return datePiece(target, label ?? "");
  const id = target.slice(1);
  if (target.startsWith("@")) return { kind: "user", id, text: label ?? id };
  if (target.startsWith("#")) return { kind: "channel", id, text: label ?? id };
  if (target.startsWith("!subteam^")) return { kind: "group", id: target.slice(9), text: label ?? target };
  if (target.startsWith("!")) return { kind: "mention", text: `@${label ?? id}` };
  const url = decoded(target);
  return isSafe(url) ? { kind: "link", url, text: label ?? url } : { kind: "text", text: label ?? url };
}

function datePiece(target: string, fallback: string): Piece {
  const [, seconds = "", format = "", link] = target.split("^");
  const atMs = Number(seconds) * 1000;
  if (!/^\d+$/.test(seconds) || !Number.isFinite(new Date(atMs).getTime()))
    return { kind: "text", text: fallback };
  const url = link === undefined ? null : decoded(link);
  return { kind: "date", atMs, format, url: url !== null && isSafe(url) ? url : null, fallback };
}

/** Whether an address may become a link: a script must never be one. */
export function isSafe(url: string): boolean {
  return URL.canParse(url) && ["http:", "https:", "mailto:"].includes(new URL(url).protocol);
}

function plainOf(source: string): string {
  return decoded(source.replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (_, target, label) => label ?? target));
}

function decoded(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
