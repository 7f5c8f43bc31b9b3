import { restBuild } from "./build-message.ts";
import type { Build } from "./build-resource.ts";

type Test = (build: Build) => boolean;

/**
 * Reads the filter of ListBuilds: comparisons joined by AND, with OR binding tighter, `-`/NOT and parentheses, over
 * `tags`, `status`, `id` (or `build_id`), `trigger_id`, `create_time` and `substitutions.KEY`. Null if it does not parse.
 */
export function parseBuildFilter(filter: string): Test | null {
  const tokens = filter.match(/"(?:[^"\\]|\\.)*"|>=|<=|!=|[()=<>:-](?=\S)|[^\s()=<>!:"]+|\S/g) ?? [];
  if (tokens.length === 0) return () => true;
  const reader = new FilterReader(tokens);
  const test = reader.all();
  return test !== null && reader.atEnd() ? test : null;
}

class FilterReader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  #next(...wanted: readonly string[]): boolean {
    const found = wanted.includes(this.#tokens[this.#at] ?? "");
    if (found) this.#at += 1;
    return found;
  }

  all(): Test | null {
    const tests: Test[] = [];
    do {
      const test = this.#any();
      if (test === null) return null;
      tests.push(test);
    } while (this.#next("AND") || (!this.atEnd() && this.#tokens[this.#at] !== ")"));
    return (build) => tests.every((test) => test(build));
  }

  #any(): Test | null {
    const tests: Test[] = [];
    do {
      const test = this.#one();
      if (test === null) return null;
      tests.push(test);
    } while (this.#next("OR"));
    return (build) => tests.some((test) => test(build));
  }

  #one(): Test | null {
    if (this.#next("NOT", "-")) {
      const test = this.#one();
      return test === null ? null : (build) => !test(build);
    }
    if (!this.#next("(")) return this.#comparison();
    const inner = this.all();
    return this.#next(")") ? inner : null;
  }

  #comparison(): Test | null {
    const [name, operator, value] = this.#tokens.slice(this.#at, this.#at + 3);
    if (name === undefined || operator === undefined || value === undefined) return null;
    this.#at += 3;
    const read = valuesOf(name);
    const compare = comparisons[operator];
    if (read === null || compare === undefined) return null;
    const wanted = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
    return (build) => compare(read(build), wanted);
  }
}

const comparisons: Readonly<Record<string, (values: readonly string[], wanted: string) => boolean>> = {
  "=": (values, wanted) => values.includes(wanted),
  ":": (values, wanted) => values.includes(wanted),
  "!=": (values, wanted) => !values.includes(wanted),
  ">": (values, wanted) => values.some((value) => value > wanted),
  "<": (values, wanted) => values.some((value) => value < wanted),
  ">=": (values, wanted) => values.some((value) => value >= wanted),
  "<=": (values, wanted) => values.some((value) => value <= wanted),
};

function valuesOf(name: string): ((build: Build) => readonly string[]) | null {
  if (name === "tags") return (build) => build.tags;
  if (name.startsWith("substitutions.")) {
    const key = name.slice("substitutions.".length);
    return (build) => [build.substitutions[key] ?? ""];
  }
  const field = fields[name];
  return field === undefined ? null : (build) => [restField(build, field)];
}

const fields: Readonly<Record<string, string>> = {
  status: "status",
  id: "id",
  build_id: "id",
  trigger_id: "buildTriggerId",
  create_time: "createTime",
  start_time: "startTime",
  finish_time: "finishTime",
};

function restField(build: Build, field: string): string {
  const found = Object.entries(restBuild(build) ?? {}).find(([name]) => name === field)?.[1];
  return typeof found === "string" ? found : "";
}
