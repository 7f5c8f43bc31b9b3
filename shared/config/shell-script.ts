import { type ShellCursor, type ShellPlace, shellCursor } from "./shell-cursor.ts";
import { readShellWord, type ShellWord } from "./shell-word.ts";

/** `>> Dockerfile`: where a command reads from or writes to. */
export type ShellRedirect = Readonly<{ operator: string; target: ShellWord }>;

/** One simple command: the words that it runs, without keywords, assignments before it, and redirects. */
export type ShellCommand = Readonly<{ words: readonly ShellWord[]; redirects: readonly ShellRedirect[] }>;

/** `unclosed` is where a quote, a brace or a parenthesis opens that never closes; null = none. */
export type ShellScript = Readonly<{ commands: readonly ShellCommand[]; unclosed: ShellPlace | null }>;

type Reading = {
  cursor: ShellCursor;
  margin: number;
  variables: Map<string, string>;
  commands: ShellCommand[];
  words: ShellWord[];
  redirects: ShellRedirect[];
  operator: string | null; // a redirect that waits for its target
  documents: string[]; // delimiters of here-documents that begin at the next line
  unclosed: ShellPlace | null;
};

/**
 * The commands of a shell script, in order, those within `$(…)` after the one they stand in. Understands continued
 * lines, quotes, comments, here-documents, `NAME=value` and `${NAME}` of what is assigned above; what it does not know
 * stays in the text as it is. It runs nothing, expands no files, and knows no functions. `start` is where the text begins
 * in its file, such as a block of a Markdown document; each of its lines begins at that column.
 */
export function readShellScript(text: string, start: ShellPlace = { line: 1, column: 1 }): ShellScript {
  return readPart({ text, start, margin: start.column, variables: new Map() });
}

type Part = Readonly<{ text: string; start: ShellPlace; margin: number; variables: Map<string, string> }>;

function readPart({ text, start, margin, variables }: Part): ShellScript {
  const reading: Reading = {
    cursor: shellCursor(text, start, margin),
    margin,
    variables,
    commands: [],
    words: [],
    redirects: [],
    operator: null,
    documents: [],
    unclosed: null,
  };
  while (!reading.cursor.isAtEnd()) readToken(reading);
  endCommand(reading);
  return { commands: reading.commands, unclosed: reading.unclosed };
}

const blank = /(?:[ \t\r]|\\\r?\n)+/y;
const comment = /#[^\n]*/y;
const redirect = /\d*(?:<<<|<<-?|&>>?|>>|>\||[<>]&|<>|[<>])/y;
const separator = /\n|;;?|&&|\|\|?&?|&|[()]/y;

function readToken(reading: Reading): void {
  const { cursor } = reading;
  const skipped = cursor.match(blank) ?? cursor.match(comment);
  if (skipped !== null) {
    cursor.take(skipped.length);
    return;
  }
  const operator = cursor.match(redirect);
  if (operator !== null) {
    reading.operator = cursor.take(operator.length).replace(/^\d+/, "");
    return;
  }
  const end = cursor.match(separator);
  if (end === null) {
    readWord(reading);
    return;
  }
  cursor.take(end.length);
  endCommand(reading);
  if (end === "\n") skipDocuments(reading);
}

function readWord(reading: Reading): void {
  const { word, inner, unclosed } = readShellWord(reading.cursor, reading.variables);
  reading.unclosed ??= unclosed;
  for (const { text, place } of inner) {
    const { commands, unclosed: open } = readPart({
      ...reading,
      text,
      start: place,
      variables: new Map(reading.variables),
    });
    reading.commands.push(...commands);
    reading.unclosed ??= open;
  }
  const { operator } = reading;
  reading.operator = null;
  if (operator === null) reading.words.push(word);
  else if (operator.startsWith("<<") && operator !== "<<<") reading.documents.push(word.text);
  else reading.redirects.push({ operator, target: word });
}

const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/;
const keyword =
  /^(?:if|then|elif|else|while|until|do|done|fi|esac|!|\{|\}|time|exec|sudo|command|nohup|env|export|readonly|local|\$)$/;

function endCommand(reading: Reading): void {
  const { words, redirects } = reading;
  const first = words.findIndex(({ text }) => !keyword.test(text) && !assignment.test(text));
  for (const { text } of first < 0 ? words : []) {
    const [, name, value = ""] = assignment.exec(text) ?? [];
    if (name !== undefined) reading.variables.set(name, value);
  }
  const rest = first < 0 ? [] : words.slice(first);
  if (rest.length > 0) reading.commands.push({ words: rest, redirects });
  reading.words = [];
  reading.redirects = [];
  reading.operator = null;
}

/** Here-documents are what a command reads, not what is run. */
function skipDocuments({ cursor, documents }: Reading): void {
  for (const delimiter of documents.splice(0)) {
    const lines = cursor.rest().split("\n");
    const end = lines.findIndex((line) => line.trim() === delimiter);
    const skipped = end < 0 ? lines : lines.slice(0, end + 1);
    cursor.take(skipped.reduce((length, line) => length + line.length + 1, 0));
  }
}
