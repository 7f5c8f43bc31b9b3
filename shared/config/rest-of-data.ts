import type { z } from "zod";

/**
 * Plain data without the keys that are wrong, so that the rest of a file can still be judged. Null when a wrong entry
 * of a list would have to go: then the entries after it would change their places.
 */
export function restOfData(data: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const rest: unknown = structuredClone(data);
  const wrong = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  );
  return wrong.every((path) => remove(rest, path)) ? rest : null;
}

function remove(data: unknown, path: readonly PropertyKey[]): boolean {
  const last = path.at(-1);
  if (typeof last !== "string") return false;
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((value, key) => (isObject(value) ? Reflect.get(value, key) : undefined), data);
  return isObject(parent) ? Reflect.deleteProperty(parent, last) : true;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
