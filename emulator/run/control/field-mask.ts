import { MUTABLE_FIELDS, type ServiceBody, type ServiceSpec } from "./resources.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Fields that a client may name in a mask and that only the server sets: they change nothing. */
const SERVER_FIELDS: readonly string[] = [
  "name",
  "uid",
  "generation",
  "createTime",
  "updateTime",
  "deleteTime",
  "expireTime",
  "creator",
  "lastModifier",
  "observedGeneration",
  "terminalCondition",
  "conditions",
  "latestReadyRevision",
  "latestCreatedRevision",
  "trafficStatuses",
  "uri",
  "urls",
  "satisfiesPzs",
  "reconciling",
  "etag",
];

/** Only the fields of a body that belong to the user. */
export function mutableFields(body: ServiceBody): ServiceSpec {
  const fields: Fields = body;
  return Object.fromEntries(
    MUTABLE_FIELDS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  );
}

/** `max_instance_count` → `maxInstanceCount`; names that are in camel case already stay as they are. */
function camelCase(segment: string): string {
  return segment.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Keys of maps (`labels.cost_centre`) are the user's own and keep their spelling. */
function pathSegments(path: string): readonly string[] {
  const segments: string[] = [];
  const parts = path.split(".");
  for (const [index, part] of parts.entries()) {
    const parent = segments.at(-1);
    if (parent === "labels" || parent === "annotations" || parent === "limits")
      return [...segments, parts.slice(index).join(".")];
    segments.push(camelCase(part));
  }
  return segments;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function copyPath(target: Fields, source: Fields, segments: readonly string[]): Fields {
  const [head, ...rest] = segments;
  if (head === undefined) return target;
  const value = source[head];
  if (rest.length === 0) {
    const { [head]: _replaced, ...others } = target;
    return value === undefined ? others : { ...others, [head]: value };
  }
  const inner = target[head];
  const copied = copyPath(isFields(inner) ? inner : {}, isFields(value) ? value : {}, rest);
  return { ...target, [head]: copied };
}

/** Whether the path leads through a list: a mask may replace a list but not reach into it. */
function crossesList(spec: Fields, body: Fields, segments: readonly string[]): boolean {
  let [left, right]: [unknown, unknown] = [spec, body];
  for (const segment of segments) {
    if (Array.isArray(left) || Array.isArray(right)) return true;
    left = isFields(left) ? left[segment] : undefined;
    right = isFields(right) ? right[segment] : undefined;
  }
  return false;
}

export type MaskResult =
  | Readonly<{ ok: true; spec: ServiceSpec }>
  | Readonly<{ ok: false; path: string; problem: string }>;

/**
 * The wished-for service after an update. No paths, or `*`, replace everything that the user may set; a path that is absent
 * from the body clears the field; a body's fields outside the mask are ignored. Paths come in snake case and in camel case.
 */
export function applyFieldMask(
  current: ServiceSpec,
  body: ServiceBody,
  paths: readonly string[],
): MaskResult {
  const wanted = mutableFields(body);
  if (paths.length === 0 || paths.includes("*")) return { ok: true, spec: wanted };
  let spec: Fields = current;
  for (const path of paths) {
    const segments = pathSegments(path);
    const [field = ""] = segments;
    if (SERVER_FIELDS.includes(field)) continue;
    if (!MUTABLE_FIELDS.some((name) => name === field))
      return { ok: false, path, problem: "is not a field of google.cloud.run.v2.Service" };
    if (crossesList(spec, wanted, segments))
      return { ok: false, path, problem: "a field mask cannot reach into a repeated field" };
    spec = copyPath(spec, wanted, segments);
  }
  return { ok: true, spec };
}
