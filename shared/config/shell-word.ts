import type { ShellCursor, ShellPlace } from "./shell-cursor.ts";

/** A word without its quotes, with the variables that are known; what is not known stays as `${NAME}` or `$(…)`. */
export type ShellWord = ShellPlace & Readonly<{ text: string }>;

/** `inner` are the scripts of `$(…)` within the word. */
type WordReading = Readonly<{
  word: ShellWord;
  inner: readonly Readonly<{ text: string; place: ShellPlace }>[];
  unclosed: ShellPlace | null;
}>;

type Word = {
  cursor: ShellCursor;
  variables: ReadonlyMap<string, string>;
  text: string;
  inner: { text: string; place: ShellPlace }[];
  unclosed: ShellPlace | null;
};

const wordEnd = /[\s;|&<>()]/y;

/** Reads the word that begins at the cursor. It takes at least one character. */
export function readShellWord(cursor: ShellCursor, variables: ReadonlyMap<string, string>): WordReading {
  const place = cursor.place();
  const word: Word = { cursor, variables, text: "", inner: [], unclosed: null };
  do readPiece(word);
  while (!cursor.isAtEnd() && cursor.match(wordEnd) === null);
  return { word: { ...place, text: word.text }, inner: word.inner, unclosed: word.unclosed };
}

function readPiece(word: Word): void {
  const { cursor } = word;
  const single = cursor.match(/'[^']*'/y);
  if (single !== null) {
    word.text += cursor.take(single.length).slice(1, -1);
    return;
  }
  const opened = cursor.match(/['"]/y);
  if (opened === "'") neverCloses(word);
  else if (opened === '"') readDoubleQuoted(word);
  else if (!readDollar(word)) readPlain(word);
}

/** One character, or what a backslash protects; a continued line is nothing. */
function readPlain(word: Word): void {
  const taken = word.cursor.take(word.cursor.match(/\\\r?\n|\\[\s\S]|[\s\S]/y)?.length ?? 1);
  if (taken.startsWith("\\")) word.text += taken.endsWith("\n") ? "" : taken.slice(1);
  else word.text += taken;
}

function readDoubleQuoted(word: Word): void {
  const { cursor } = word;
  const opened = cursor.place();
  cursor.take(1);
  while (!cursor.isAtEnd()) {
    if (cursor.match(/"/y) !== null) {
      cursor.take(1);
      return;
    }
    if (readDollar(word)) continue;
    const escaped = cursor.match(/\\(?:\r?\n|["$`\\])/y);
    if (escaped === null) word.text += cursor.take(1);
    else readPlain(word);
  }
  word.unclosed ??= opened;
}

/** `$NAME`, `${NAME}`, `$(…)` and backticks; false when none of them stands here. */
function readDollar(word: Word): boolean {
  const { cursor } = word;
  const variable = cursor.match(/\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})/y);
  if (variable !== null) {
    const known = word.variables.get(variable.replace(/[${}]/g, ""));
    word.text += known ?? variable;
    cursor.take(variable.length);
    return true;
  }
  const backticks = cursor.match(/`(?:[^`\\]|\\[\s\S])*`/y);
  if (backticks !== null) return readInner(word, backticks, 1);
  const opener = cursor.match(/\$[({]/y);
  if (opener === null) return false;
  const length = closedLength(cursor.rest());
  if (length === null) neverCloses(word);
  else if (opener === "${" || cursor.match(/\$\(\(/y) !== null) word.text += cursor.take(length);
  else readInner(word, cursor.rest().slice(0, length), 2);
  return true;
}

function readInner(word: Word, raw: string, opener: number): true {
  const { cursor } = word;
  word.text += cursor.take(opener);
  word.inner.push({ text: raw.slice(opener, -1), place: cursor.place() });
  word.text += cursor.take(raw.length - opener);
  return true;
}

function neverCloses(word: Word): void {
  word.unclosed ??= word.cursor.place();
  word.text += word.cursor.take(word.cursor.rest().length);
}

/** The length of the `$(…)` or `${…}` that a text begins with; null when it never closes. */
function closedLength(text: string): number | null {
  const pieces = /\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|[(){}]|[^\\'"(){}]+|[\s\S]/y;
  let depth = 0;
  for (pieces.lastIndex = 1; pieces.lastIndex < text.length; ) {
    const piece = pieces.exec(text)?.[0] ?? "";
    if (piece === "'" || piece === '"') return null;
    if (piece === "(" || piece === "{") depth++;
    if ((piece === ")" || piece === "}") && --depth === 0) return pieces.lastIndex;
  }
  return null;
}
