import type { JsonValue } from "./release-config.ts";

/** Where an answer's JSON first differs from what was asked: `path` starts with `$`, `found` is short JSON text. */
export type JsonDifference = Readonly<{ path: string; found: string; wanted: string }>;

/**
 * Null when `found` contains `wanted`: every key of a wanted object is there with a matching value (more keys may be),
 * a wanted list has the same length and matches entry by entry, and everything else is equal.
 */
export function firstJsonDifference(
  params: Readonly<{ found: unknown; wanted: JsonValue; path?: string }>,
): JsonDifference | null {
  const { found, wanted, path = "$" } = params;
  const here = (): JsonDifference => ({ path, found: shortJson(found), wanted: shortJson(wanted) });
  if (isList(wanted)) {
    if (!isList(found) || found.length !== wanted.length) return here();
    return firstOf(wanted, (value, index) =>
      firstJsonDifference({ found: found[index], wanted: value, path: `${path}[${index}]` }),
    );
  }
  if (isObject(wanted)) {
    if (!isObject(found)) return here();
    return firstOf(Object.entries(wanted), ([key, value]) =>
      firstJsonDifference({ found: ownValue(found, key), wanted: value, path: path + step(key) }),
    );
  }
  return found === wanted ? null : here();
}

function firstOf<T>(
  values: readonly T[],
  difference: (value: T, index: number) => JsonDifference | null,
): JsonDifference | null {
  for (const [index, value] of values.entries()) {
    const found = difference(value, index);
    if (found !== null) return found;
  }
  return null;
}

function isList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Undefined for what only the prototype has, such as `constructor`. */
function ownValue(value: Readonly<Record<string, JsonValue>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function step(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? `.${key}` : `[${shortJson(key)}]`;
}

function shortJson(value: unknown): string {
  if (value === undefined) return "absent";
  const text = jsonText(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** A body may be nested deeper than can be written out again. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "nested too deep";
  }
}
