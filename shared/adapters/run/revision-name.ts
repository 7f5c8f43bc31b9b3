import { createHash } from "node:crypto";
import type { RevisionName, TagName } from "../../domain/ids.ts";

const maxLength = 63; // of a DNS label
const hashLength = 8;

/**
 * `<service>-<tag>-<hash>`, a DNS label of 63 characters at most. The same seed gives the same name, so a write that is
 * repeated makes no second revision; any other seed gives another, for Cloud Run never takes a name twice.
 */
export function revisionNameFor({
  service,
  tag,
  seed,
}: Readonly<{ service: string; tag: TagName; seed: unknown }>): RevisionName {
  const hash = createHash("sha256").update(canonicalJson(seed)).digest("hex").slice(0, hashLength);
  const room = maxLength - service.length - hashLength - 2;
  const slug = slugOf(tag, room);
  const name = slug === "" ? `${service}-${hash}` : `${service}-${slug}-${hash}`;
  return name as RevisionName;
}

/** `v1.8.0` as `v1-8-0`, cut to the room that there is. */
function slugOf(tag: string, room: number): string {
  const slug = tag.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return slug.replace(/^-/, "").slice(0, Math.max(0, room)).replace(/-+$/, "");
}

/** JSON with sorted keys, in which a field that is absent and one at its proto3 default are the same. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(canonical(value)) ?? "";
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, canonical(inner)] as const)
    .filter(([, inner]) => !isEmpty(inner))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
