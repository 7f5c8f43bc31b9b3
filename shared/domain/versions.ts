import type { TagName } from "./ids.ts";

/** The dotted numbers of `v1.2.3`, `app-1.2.3` or `1.2`; null when the tag carries none. */
function numbersOf(tag: TagName): readonly number[] | null {
  const match = /(?:^|[^0-9.])v?([0-9]+(?:\.[0-9]+)+)$/.exec(tag);
  return match?.[1] ? match[1].split(".").map(Number) : null;
}

/**
 * Tells whether a tag names an older version than another one. False when either carries no dotted number or a
 * pre-release suffix: then the order in which they were pushed decides.
 */
export function isOlder(tag: TagName, than: TagName): boolean {
  const left = numbersOf(tag);
  const right = numbersOf(than);
  if (!left || !right) return false;
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
