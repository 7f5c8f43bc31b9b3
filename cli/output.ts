import Table from "cli-table3";
import { createColors } from "picocolors";
import type { Tone } from "../shared/domain/words.ts";
import type { CliIo, Sink } from "./cli-io.ts";
import type { ComplaintText } from "./complaint.ts";

/** What may end up on a person's terminal from elsewhere must not steer it. */
const isControl = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0;
  return (code < 0x20 && character !== "\n" && character !== "\t") || (code >= 0x7f && code < 0xa0);
};

/** The text without control characters, save line breaks and tabs. */
export function harmless(text: string): string {
  return [...text].map((character) => (isControl(character) ? "\uFFFD" : character)).join("");
}

export type Paint = ReturnType<typeof createColors>;

/** Where a verb writes to: data to stdout, everything else to stderr, colours only on a terminal. */
export type Output = Readonly<{
  isJson: boolean;
  paint: Paint; // for stdout
  line: (text: string) => void;
  json: (value: unknown) => void;
  jsonLine: (value: unknown) => void;
  /** For the person, not for the pipe; silent with `--json`, and the same thing in a row is said once. */
  note: (text: string) => void;
  complain: (text: ComplaintText, exitCode: number) => void;
}>;

/** The output of one command. */
export function createOutput(io: CliIo, { isJson }: Readonly<{ isJson: boolean }>): Output {
  const { stdout, stderr } = io;
  let noted = "";
  return {
    isJson,
    paint: paintFor(io, stdout),
    line: (text) => stdout.write(`${text}\n`),
    json: (value) => stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    jsonLine: (value) => stdout.write(`${JSON.stringify(value)}\n`),
    note: (text) => {
      if (!isJson && text !== noted) stderr.write(`${harmless(text)}\n`);
      noted = text;
    },
    complain: (text, exitCode) => {
      stderr.write(isJson ? errorDocument(text, exitCode) : errorText(text, paintFor(io, stderr)));
    },
  };
}

function paintFor({ env }: CliIo, sink: Sink): Paint {
  return createColors(sink.isTty && !env["NO_COLOR"] && env["TERM"] !== "dumb");
}

function errorDocument(text: ComplaintText, exitCode: number): string {
  const { code, happened, traffic, why, next } = text;
  return `${JSON.stringify({ error: { code, message: happened, traffic, why, next, exitCode } })}\n`;
}

function errorText({ code, happened, traffic, why, next }: ComplaintText, paint: Paint): string {
  const lines = [
    `${paint.red("Error:")} ${paint.bold(harmless(happened))} (${code})`,
    `  Traffic: ${harmless(traffic)}`,
    ...(why === "" ? [] : [`  Why:     ${indented(harmless(why))}`]),
    ...next.map((command, index) => `  ${index === 0 ? "Next:   " : "        "} ${harmless(command)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function indented(text: string): string {
  return text.split("\n").join("\n           ");
}

const noBorders = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};

/** Padded columns with a head; widths count what is seen, not colour codes. Rows hold text from `harmless`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { bold }: Pick<Paint, "bold">,
): string {
  const style = { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true };
  const drawn = new Table({ chars: noBorders, style, head: head.map((title) => bold(title)) });
  for (const row of rows) drawn.push(row.map((cell) => harmlessCell(cell)));
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Colour codes are ours and stay; a cell has one line. */
function harmlessCell(cell: string): string {
  return cell.replaceAll("\n", " ");
}

const tones: Readonly<Record<Tone, (paint: Paint, text: string) => string>> = {
  waiting: (paint, text) => paint.yellow(text),
  busy: (paint, text) => paint.cyan(text),
  good: (paint, text) => paint.green(text),
  bad: (paint, text) => paint.red(text),
  quiet: (paint, text) => paint.dim(text),
};

/** The text in the colour of its tone. */
export function toned(paint: Paint, tone: Tone, text: string): string {
  return tones[tone](paint, text);
}
