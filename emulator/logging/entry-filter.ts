import { type LogEntry, SEVERITIES } from "./logged-run.ts";

/** What a filter asks for. `builds` are the ids of builds that it names, for their logs lie elsewhere. */
export type EntryFilter = Readonly<{ builds: readonly string[]; matches: (entry: LogEntry) => boolean }>;

const comparison = /^(-|NOT\s+)?([A-Za-z_.]+)\s*(>=|<=|!=|=|>|<|:)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))$/;

type Term = Readonly<{ field: string; operator: string; value: string; isNegated: boolean }>;

/** Thrown for a filter that cannot be read, or uses more of the language than is known here. */
export class FilterError extends Error {}

/**
 * Reads comparisons of the fields of an entry, joined with AND (or nothing but blanks), each with NOT or `-` before it. OR and
 * brackets are not known. @throws FilterError
 */
export function parseEntryFilter(text: string): EntryFilter {
  const terms = partsOf(text).map(termOf);
  const builds = terms
    .filter(({ field, operator }) => field === "resource.labels.build_id" && operator === "=")
    .map(({ value }) => value);
  return { builds, matches: (entry) => terms.every((term) => holds(term, entry) !== term.isNegated) };
}

/** The comparisons, split at blanks and AND outside of quotes. */
function partsOf(text: string): readonly string[] {
  const words = text.match(/(?:"(?:[^"\\]|\\.)*"|[^\s"])+/g) ?? [];
  const parts: string[] = [];
  let negated = "";
  for (const word of words) {
    if (word === "AND") continue;
    if (word === "OR" || /^[()]/.test(word)) throw new FilterError("OR and brackets are not known here");
    if (word === "NOT") negated = "NOT ";
    else {
      parts.push(`${negated}${word}`);
      negated = "";
    }
  }
  return parts;
}

function termOf(part: string): Term {
  const [, negation, field = "", operator = "", quoted, bare] = comparison.exec(part) ?? [];
  const value = quoted?.replace(/\\(.)/g, "$1") ?? bare;
  if (value === undefined) throw new FilterError(`no comparison: ${part}`);
  if (field === "severity" && severityRank(value) < 0) throw new FilterError(`no severity: ${value}`);
  if (field === "timestamp" && Number.isNaN(Date.parse(value))) throw new FilterError(`no time: ${value}`);
  return { field, operator, value, isNegated: negation !== undefined };
}

function severityRank(word: string): number {
  const order: readonly string[] = SEVERITIES;
  return order.indexOf(word);
}

function holds({ field, operator, value }: Term, entry: LogEntry): boolean {
  if (field === "severity") return compared(severityRank(entry.severity) - severityRank(value), operator);
  if (field === "timestamp") return compared(Date.parse(entry.timestamp) - Date.parse(value), operator);
  const found = textAt(entry, field);
  if (operator === ":") return found.toLowerCase().includes(value.toLowerCase());
  return compared(found === value ? 0 : found < value ? -1 : 1, operator);
}

function compared(difference: number, operator: string): boolean {
  switch (operator) {
    case "=":
      return difference === 0;
    case "!=":
      return difference !== 0;
    case ">":
      return difference > 0;
    case "<":
      return difference < 0;
    case ">=":
      return difference >= 0;
    case "<=":
      return difference <= 0;
    default:
      throw new FilterError(`the operator ${operator} does not fit here`);
  }
}

function textAt(entry: LogEntry, path: string): string {
  let found: unknown = entry;
  for (const name of path.split(".")) {
    if (typeof found !== "object" || found === null) return "";
    found = Object.entries(found).find(([key]) => key === name)?.[1];
  }
  return typeof found === "string" ? found : "";
}
