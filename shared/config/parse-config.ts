import type { z } from "zod";
import { nearestWord } from "./nearest-word.ts";
import { type ConfigProblem, formatPath, inFileOrder } from "./problem.ts";
import { restOfData } from "./rest-of-data.ts";
import { knownKeysOf } from "./section.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

export type ConfigText = Readonly<{ text: string; file: string }>;

export type Parsed<Value> =
  | Readonly<{ ok: true; value: Value; source: YamlSource }>
  | Readonly<{
      ok: false;
      problems: readonly ConfigProblem[];
      rest: Value | null; // the value without the keys that are wrong, where that makes sense; for further judging only
      source: YamlSource;
    }>;

/** Reads a YAML file against a schema. All problems come back at once, each with its place; nothing is thrown. */
export function parseConfig<Schema extends z.ZodType>(
  input: ConfigText,
  schema: Schema,
): Parsed<z.output<Schema>> {
  const source = readYaml(input);
  if (source.data === undefined)
    return { ok: false, problems: inFileOrder(source.problems), rest: null, source };
  const parsed = schema.safeParse(source.data, { reportInput: true });
  if (parsed.success && source.problems.length === 0) return { ok: true, value: parsed.data, source };
  const issues = parsed.success ? [] : parsed.error.issues;
  const problems = [...source.problems, ...issues.flatMap((issue) => problemsOf(issue, source, input.file))];
  const rest = schema.safeParse(restOfData(source.data, issues));
  return { ok: false, problems: inFileOrder(problems), rest: rest.success ? rest.data : null, source };
}

/** Gives places to what somebody else found wrong in a file, such as the limits of a policy, by paths like `a.b[0].c`. */
export function placeProblems(
  { text, file }: ConfigText,
  found: readonly Readonly<{ path: string; message: string }>[],
): readonly ConfigProblem[] {
  const source = readYaml({ text, file });
  const placed = found.map(({ path, message }) => {
    const steps = [...path.matchAll(/[^.[\]]+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step));
    return { file, ...source.positionOf(steps, source.has(steps) ? "value" : "key"), path, message };
  });
  return inFileOrder(placed);
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, source: YamlSource, file: string): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeysOf(issue.message);
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const place = source.positionOf(path, "key");
      return { file, ...place, path: formatPath(path), message: unknownKey(key, known) };
    });
  }
  const part = issue.code === "invalid_key" || !source.has(issue.path) ? "key" : "value";
  const place = source.positionOf(issue.path, part);
  return [{ file, ...place, path: formatPath(issue.path), message: messageOf(issue, source) }];
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearestWord(key, known);
  return meant === null
    ? `unknown key; known here: ${known.join(", ")}`
    : `unknown key; did you mean \`${meant}\`?`;
}

function messageOf(issue: Issue, source: YamlSource): string {
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  if (issue.code === "invalid_type" && !source.has(issue.path)) return "is missing";
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input")) {
    return `must be ${words[issue.expected] ?? issue.expected}, not ${describe(issue.input)}`;
  }
  if (issue.code === "invalid_value" && issue.message.startsWith("Invalid")) {
    return source.has(issue.path) ? notOneOf(issue.input, issue.values) : "is missing";
  }
  return issue.message.startsWith("Too ") ? outOfBounds(issue) : issue.message;
}

/** `must be at least 1`, `must hold at most 50 entries`: zod's bounds in the words of this project. */
function outOfBounds(issue: Issue): string {
  const bound =
    issue.code === "too_small" ? issue.minimum : issue.code === "too_big" ? issue.maximum : undefined;
  if (issue.code !== "too_small" && issue.code !== "too_big") return issue.message;
  const direction = issue.code === "too_small" ? "at least" : "at most";
  if (issue.origin === "string") return `must have ${direction} ${bound} characters`;
  return issue.origin === "array"
    ? `must hold ${direction} ${bound} ${bound === 1 ? "entry" : "entries"}`
    : `must be ${direction} ${bound}`;
}

const words: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a section with keys",
  record: "a section with keys",
  array: "a list",
};

function notOneOf(input: unknown, values: readonly unknown[]): string {
  const known = values.map(String);
  const meant = typeof input === "string" ? nearestWord(input, known) : null;
  const hint = meant === null ? "" : `; did you mean \`${meant}\`?`;
  const choice = known.length === 1 ? `must be \`${known[0]}\`` : `must be one of ${known.join(", ")}`;
  return `${choice}, not ${describe(input)}${hint}`;
}

/** A value as a message names it: short, and with its type where the type is what is wrong. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a section";
  if (typeof value === "string") return `\`${value.length > 60 ? `${value.slice(0, 57)}...` : value}\``;
  return `the ${typeof value} ${String(value)}`;
}
