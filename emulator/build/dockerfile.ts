/** One instruction of a Dockerfile: `json` holds the exec form where the instruction allows it and it is one. */
export type Instruction = Readonly<{
  line: number;
  name: string;
  flags: Readonly<Record<string, string>>;
  text: string;
  words: readonly string[];
  json: readonly string[] | null;
  source: string;
}>;

/** What docker says about a Dockerfile that it cannot read. */
export class DockerfileError extends Error {}

const known = new Set(
  "FROM RUN CMD LABEL MAINTAINER EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL".split(
    " ",
  ),
);
const execForms = new Set(["RUN", "CMD", "ENTRYPOINT", "COPY", "ADD", "VOLUME", "SHELL"]);

/** Reads a Dockerfile: comments, line continuations, the escape directive, flags, exec and shell form. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const mark = /^#\s*escape\s*=\s*`/im.test(text.split("\n", 1)[0] ?? "") ? "`" : "\\";
  const instructions = logicalLines(text, mark).map(({ line, source }) => parseInstruction(line, source));
  if (instructions.length === 0) throw new DockerfileError("the Dockerfile (Dockerfile) cannot be empty");
  const first = instructions.find((instruction) => instruction.name !== "ARG");
  if (first?.name !== "FROM") throw new DockerfileError("no build stage in current context");
  return instructions;
}

function logicalLines(text: string, mark: string): readonly { line: number; source: string }[] {
  const lines: { line: number; source: string }[] = [];
  let continued = false;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const trimmed = raw.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const continues = trimmed.endsWith(mark);
    const part = continues ? trimmed.slice(0, -1) : trimmed;
    const last = lines.at(-1);
    if (continued && last !== undefined) last.source += part;
    else lines.push({ line: index + 1, source: part });
    continued = continues;
  }
  return lines;
}

function parseInstruction(line: number, source: string): Instruction {
  const [, word = "", tail = ""] = /^(\S+)\s*([\s\S]*)$/.exec(source) ?? [];
  const name = word.toUpperCase();
  if (!known.has(name)) throw parseError(line, `unknown instruction: ${name}`);
  const { flags, text } = takeFlags(tail.trim());
  const json = execForms.has(name) ? execForm(text) : null;
  const words = json ?? text.split(/\s+/).filter((each) => each !== "");
  const instruction = { line, name, flags, text, words, json, source: `${name} ${tail.trim()}`.trim() };
  checkArguments(instruction);
  return instruction;
}

function takeFlags(text: string): { flags: Record<string, string>; text: string } {
  const flags: Record<string, string> = {};
  let rest = text;
  for (let match = flag.exec(rest); match !== null; match = flag.exec(rest)) {
    flags[match[1] ?? ""] = match[2] ?? "";
    rest = rest.slice(match[0].length);
  }
  return { flags, text: rest };
}

const flag = /^--([a-z-]+)(?:=(\S*))?(?:\s+|$)/;

function execForm(text: string): readonly string[] | null {
  if (!text.startsWith("[")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : null;
  } catch {
    return null;
  }
}

function checkArguments({ line, name, words, text }: Instruction): void {
  const problem = argumentRules[name]?.(words, text) ?? null;
  if (problem !== null) throw parseError(line, `${name} ${problem}`);
}

type ArgumentRule = (words: readonly string[], text: string) => string | null;

const needsOne: ArgumentRule = (words) => (words.length === 0 ? "requires at least one argument" : null);
const needsTwoPaths: ArgumentRule = (words) => {
  if (words.length >= 2) return null;
  const found = words.length === 0 ? "no arguments were" : "only one was";
  return `requires at least two arguments, but ${found} provided. Destination could not be determined.`;
};
const argumentRules: Readonly<Record<string, ArgumentRule>> = {
  FROM: ({ length, 1: as }) =>
    length === 1 || (length === 3 && as?.toLowerCase() === "as")
      ? null
      : "requires either one or three arguments",
  COPY: needsTwoPaths,
  ADD: needsTwoPaths,
  RUN: needsOne,
  ARG: needsOne,
  WORKDIR: (words) => (words.length === 0 ? "requires exactly one argument" : null),
  ENV: (words, text) =>
    needsOne(words, text) ?? (text.includes("=") || words.length > 1 ? null : "must have two arguments"),
};

function parseError(line: number, problem: string): DockerfileError {
  return new DockerfileError(`dockerfile parse error line ${line}: ${problem}`);
}

/** The pairs of ENV, ARG and LABEL: `KEY=value`, quotes and escapes, or the old `ENV KEY some value`. */
export function keyValues(text: string): readonly (readonly [key: string, value: string | null])[] {
  const first = text.split(/\s/, 1)[0] ?? "";
  if (!first.includes("=") && /\s/.test(text)) return [[first, unquote(text.slice(first.length).trim())]];
  const words = text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'])+/g) ?? [];
  return words.map((word) => {
    const at = word.indexOf("=");
    return at < 0 ? ([word, null] as const) : ([word.slice(0, at), unquote(word.slice(at + 1))] as const);
  });
}

function unquote(text: string): string {
  return text.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
    (_whole, double?: string, single?: string, escaped?: string) =>
      double === undefined ? (single ?? escaped ?? "") : double.replace(/\\(["\\$])/g, "$1"),
  );
}

/** Replaces `$KEY`, `${KEY}`, `${KEY:-default}` and `${KEY:+other}` as a Dockerfile does; `\$` stays a dollar. */
export function expandVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(variable, (whole, braced?: string, mark?: string, other?: string, bare?: string) => {
    if (whole === "\\$") return "$";
    const value = values[braced ?? bare ?? ""] ?? "";
    const usesOther = mark === ":-" ? value === "" : mark === ":+" && value !== "";
    if (usesOther) return expandVariables(other ?? "", values);
    return mark === ":+" ? "" : value;
  });
}

const variable = /\\\$|\$\{(\w+)(?:(:[-+])([^}]*))?\}|\$(\w+)/g;
