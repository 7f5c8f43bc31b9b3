/** One thing that is wrong in a file: where (1-based line and column), at which key, and what to do about it. */
export type ConfigProblem = Readonly<{
  file: string;
  line: number;
  column: number;
  path: string; // `verify.checks[1].get`; empty = the file itself
  message: string;
}>;

/** What a parser of this folder answers. It never throws on bad input, and it names all problems at once. */
export type Result<Value> =
  | Readonly<{ ok: true; value: Value }>
  | Readonly<{ ok: false; problems: readonly ConfigProblem[] }>;

/** `file:line:column path: what is wrong`, the form that terminals and editors turn into a link. */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  return `${file}:${line}:${column} ${path === "" ? "" : `${path}: `}${message}`;
}

/** As many problems of one file as anybody reads at once; the last one says how many more there are. */
const maxProblems = 100;

/** In the order of the file, without repetition, `maxProblems` at most; at one place they are sorted by path and message. */
export function inFileOrder<Problem extends ConfigProblem>(problems: readonly Problem[]): Problem[] {
  const unique = [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
  const sorted = unique.sort(
    (a, b) =>
      a.line - b.line || a.column - b.column || compare(a.path, b.path) || compare(a.message, b.message),
  );
  const more = sorted.length - maxProblems;
  return sorted
    .slice(0, maxProblems)
    .map((problem, index) =>
      more > 0 && index === maxProblems - 1
        ? { ...problem, message: `${problem.message} (and ${more} problems more in this file)` }
        : problem,
    );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** `["verify", "checks", 1]` as `verify.checks[1]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
