import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from "yaml";
import type { ConfigProblem } from "./problem.ts";

/** The largest file that is read, in bytes of UTF-8. */
const maxFileBytes = 256 * 1024;
const maxAliasCount = 100;
const maxDepth = 64;

type Path = readonly PropertyKey[];
type Position = Readonly<{ line: number; column: number }>;

/** A YAML file as plain data that still knows where each part of it stands. */
export type YamlSource = Readonly<{
  data: unknown;
  problems: readonly ConfigProblem[]; // what YAML itself finds wrong, such as a key that stands twice
  has: (path: Path) => boolean;
  positionOf: (path: Path, part: "key" | "value") => Position;
}>;

type YamlDocument = ReturnType<typeof parseAllDocuments>[number];

/**
 * Reads one YAML 1.2 document. Never throws: text that is too large, too deep, not YAML, or that multiplies itself
 * with aliases comes back as problems, with `data` undefined when there is nothing to go on with.
 */
export function readYaml({ text, file }: Readonly<{ text: string; file: string }>): YamlSource {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxFileBytes) {
    return nothing(file, `the file has ${bytes} bytes; Gantry reads at most ${maxFileBytes}`);
  }
  if (nestingOf(text) > maxDepth)
    return nothing(file, `the file is nested more than ${maxDepth} levels deep`);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "silent",
  });
  const [document] = documents;
  if (document === undefined) return nothing(file, "the file is empty");
  if (documents.length > 1) return nothing(file, "the file holds several YAML documents; write one");
  return sourceOf(document, lines, file);
}

function sourceOf(document: YamlDocument, lines: LineCounter, file: string): YamlSource {
  const problemAt = (offset: number, message: string): ConfigProblem => {
    return { file, ...position(lines, offset), path: "", message };
  };
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) =>
    problemAt(pos[0], `no valid YAML: ${message}`),
  );
  const { repeated, lost } = strangeKeys(document);
  const problems = [
    ...broken,
    ...repeated.map((offset) => problemAt(offset, "this key stands twice in its section")),
    ...lost.map((offset) => problemAt(offset, "this cannot be a key; write plain text")),
  ];
  const usable = document.errors.length === 0 && lost.length === 0;
  const plain = usable ? plainData(document, file) : { data: undefined, problems: [] };
  const places = new Map<Node, ReadonlyMap<string, Pair>>();
  return {
    data: plain.data,
    problems: [...problems, ...plain.problems],
    has: (path) => place(document, path, places).found,
    positionOf: (path, part) => {
      const { key, value } = place(document, path, places);
      const node = part === "key" ? (key ?? value) : value;
      return position(lines, node?.range?.[0] ?? 0);
    },
  };
}

/**
 * Offsets of keys that stand twice, and of keys that plain data cannot hold: a list or a section as a key, and
 * `__proto__`. The parser's own search for repeated keys takes seconds on a section with 20,000 of them.
 */
function strangeKeys(document: YamlDocument): Readonly<Record<KeyState, readonly number[]>> {
  const found: Readonly<Record<KeyState, number[]>> = { fine: [], repeated: [], lost: [] };
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) found[keyState(key, seen)].push(isNode(key) ? (key.range?.[0] ?? 0) : 0);
    },
  });
  return found;
}

type KeyState = "fine" | "repeated" | "lost";

function keyState(key: unknown, seen: Set<string>): KeyState {
  const name = isScalar(key) ? String(key.value) : "__proto__";
  if (name === "__proto__") return "lost";
  if (seen.has(name)) return "repeated";
  seen.add(name);
  return "fine";
}

function plainData(
  document: YamlDocument,
  file: string,
): Readonly<{ data: unknown; problems: ConfigProblem[] }> {
  try {
    const data: unknown = document.toJS({ maxAliasCount });
    JSON.stringify(data); // throws when an alias stands inside of what it names
    return {
      data: data ?? undefined,
      problems: data === null ? [problemAtTop(file, "the file is empty")] : [],
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message : "it cannot be read";
    return { data: undefined, problems: [problemAtTop(file, `its aliases cannot be followed: ${detail}`)] };
  }
}

type Place = Readonly<{ found: boolean; key: Node | null; value: Node | null }>;

type PairsByKey = Map<Node, ReadonlyMap<string, Pair>>; // filled as sections are asked for

/** The node at a path, or the deepest one on the way to it that exists. */
function place(document: YamlDocument, path: Path, pairs: PairsByKey): Place {
  let here: Place = { found: true, key: null, value: document.contents };
  for (const step of path) {
    const next = child(isAlias(here.value) ? here.value.resolve(document) : here.value, step, pairs);
    if (next === null) return { ...here, value: here.key ?? here.value, found: false };
    here = next;
  }
  return here;
}

function child(node: Node | null | undefined, step: PropertyKey, pairs: PairsByKey): Place | null {
  if (isMap(node)) {
    const known = pairs.get(node) ?? new Map(node.items.map((pair) => [keyText(pair), pair]));
    pairs.set(node, known);
    const pair = known.get(String(step));
    return pair === undefined ? null : placeOf(pair);
  }
  if (isSeq(node) && typeof step === "number") {
    const item = node.items[step];
    return isNode(item) ? { found: true, key: null, value: item } : null;
  }
  return null;
}

function keyText({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : "";
}

function placeOf(pair: Pair): Place {
  const key = isNode(pair.key) ? pair.key : null;
  return { found: true, key, value: isNode(pair.value) ? pair.value : key };
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function nothing(file: string, message: string): YamlSource {
  const start = { line: 1, column: 1 };
  return {
    data: undefined,
    problems: [problemAtTop(file, message)],
    has: () => false,
    positionOf: () => start,
  };
}

function problemAtTop(file: string, message: string): ConfigProblem {
  return { file, line: 1, column: 1, path: "", message };
}

/**
 * An upper bound of how deep a text nests, found before the parser sees it: it recurses, and builds a pattern out of
 * the indentation, so that 200 KiB of `- - - …` would end the whole process rather than throw.
 */
function nestingOf(text: string): number {
  let open = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === "[" || character === "{") deepest = Math.max(deepest, ++open);
    else if (character === "]" || character === "}") open = Math.max(0, open - 1);
  }
  const perLine = text.split("\n").map((line) => compactNestingOf(line));
  return perLine.reduce((most, depth) => Math.max(most, depth), deepest);
}

/** `- - ? a` nests three levels in one line; two columns of indentation are one level. */
function compactNestingOf(line: string): number {
  const indent = line.search(/[^ ]/);
  return [...line.matchAll(/(?<![^\s])[-?:](?=\s)/g)].length + Math.max(0, indent) / 2;
}
