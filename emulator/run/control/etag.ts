const QUOTED = /^"(.*)"$/;

/** The etag of a version: quoted, as the API returns it. */
export function etagOf(version: number): string {
  return `"${Buffer.from(String(version)).toString("base64url")}"`;
}

/** The version inside an etag; an etag that this server did not make is returned as it came. */
export function versionOf(etag: string): string {
  const inner = QUOTED.exec(etag)?.[1] ?? etag;
  const decoded = Buffer.from(inner, "base64url").toString("utf8");
  return /^\d+$/.test(decoded) ? decoded : inner;
}

/** The next version: microseconds since the epoch, and always more than the one before. */
export function nextVersion(now: number, previous: number): number {
  return Math.max(now * 1000, previous + 1);
}
