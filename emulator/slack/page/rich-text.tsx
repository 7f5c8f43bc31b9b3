import type { TextObject } from "../block-kit.ts";
import { formatDate } from "./date-markup.ts";
import { emojiFor } from "./emoji.ts";
import { drawingOf, drawnEmoji, type Shape } from "./emoji-art.ts";
import { type Piece, parseMrkdwn, parsePlain } from "./mrkdwn.ts";
import type { Reading } from "./reading.ts";

/** A text object, or the plain text of a message, which Slack reads as mrkdwn. Everything in it is escaped. */
export function RichText({ of, reading }: Readonly<{ of: TextObject | string; reading: Reading }>) {
  const isPlain = typeof of !== "string" && of.type === "plain_text";
  const text = typeof of === "string" ? of : of.text;
  return <Pieces pieces={isPlain ? parsePlain(text) : parseMrkdwn(text)} reading={reading} />;
}

function Pieces({ pieces, reading }: Readonly<{ pieces: readonly Piece[]; reading: Reading }>) {
  return (
    <>
      {pieces.map((piece) => (
        <OnePiece piece={piece} reading={reading} />
      ))}
    </>
  );
}

function OnePiece({ piece, reading }: Readonly<{ piece: Piece; reading: Reading }>) {
  switch (piece.kind) {
    case "text":
      return <Drawn text={piece.text} />;
    case "break":
      return <br />;
    case "code":
      return <code>{piece.text}</code>;
    case "fence":
      return <pre>{piece.text}</pre>;
    case "emoji":
      return (
        <span title={`:${piece.text}:`}>
          <Drawn text={emojiFor(piece.text)} />
        </span>
      );
    case "mention":
      return <span class="mention">{piece.text}</span>;
    case "link":
      return <Outside url={piece.url}>{piece.text}</Outside>;
    case "bold":
    case "italic":
    case "strike":
    case "quote":
      return <Formatted piece={piece} reading={reading} />;
    default:
      return <Reference piece={piece} reading={reading} />;
  }
}

/** A text in which the emoji that tell of releases are drawn, and can still be read aloud and copied. */
export function Drawn({ text }: Readonly<{ text: string }>) {
  return (
    <>
      {text.split(drawnEmoji).map((part) => {
        const shapes = drawingOf(part);
        return shapes === null ? part : <Drawing shapes={shapes} text={part} />;
      })}
    </>
  );
}

function Drawing({ shapes, text }: Readonly<{ shapes: readonly Shape[]; text: string }>) {
  return (
    <span class="emoji">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {shapes.map(({ fill, d }) => (
          <path fill={fill} d={d} />
        ))}
      </svg>
      <span>{text}</span>
    </span>
  );
}

type Of<Kind extends Piece["kind"]> = Extract<Piece, Readonly<{ kind: Kind }>>;

function Formatted({
  piece,
  reading,
}: Readonly<{ piece: Of<"bold" | "italic" | "strike" | "quote">; reading: Reading }>) {
  const inner = <Pieces pieces={piece.pieces} reading={reading} />;
  if (piece.kind === "bold") return <strong>{inner}</strong>;
  if (piece.kind === "italic") return <em>{inner}</em>;
  return piece.kind === "strike" ? <del>{inner}</del> : <blockquote>{inner}</blockquote>;
}

function Reference({
  piece,
  reading,
}: Readonly<{ piece: Of<"user" | "channel" | "group" | "date">; reading: Reading }>) {
  if (piece.kind === "date") return <DateText piece={piece} reading={reading} />;
  const { directory } = reading.core;
  if (piece.kind === "user") {
    const isReader = piece.id === reading.person.id;
    const name = directory.person(piece.id)?.name ?? piece.text;
    return <span class={isReader ? "mention you" : "mention"}>{`@${name}`}</span>;
  }
  if (piece.kind === "channel")
    return <span class="mention">{`#${directory.channel(piece.id)?.name ?? piece.text}`}</span>;
  const group = directory.userGroup(piece.id);
  return <span class="mention">{group === null ? piece.text : `@${group.handle}`}</span>;
}

function DateText({ piece, reading }: Readonly<{ piece: Of<"date">; reading: Reading }>) {
  const time = (
    <time datetime={new Date(piece.atMs).toISOString()} title={piece.fallback}>
      {formatDate(piece.atMs, piece.format, reading)}
    </time>
  );
  return piece.url === null ? time : <Outside url={piece.url}>{time}</Outside>;
}

/** A link that leads away and takes nothing of this page along. */
export function Outside({ url, children }: Readonly<{ url: string; children?: unknown }>) {
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
