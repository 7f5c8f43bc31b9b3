import type { Context } from "hono";
import {
  type ImageDigest,
  parseImageDigest,
  parseReleaseId,
  parseServiceKey,
  type ReleaseId,
  type ServiceKey,
} from "../../shared/domain/ids.ts";
import type { AppEnv } from "../service-deps.ts";

/** The service key that the path spells in three parts; null = not a key. */
export function serviceOf(c: Context<AppEnv>): ServiceKey | null {
  const { project, region, name } = c.req.param();
  return parseServiceKey(`${project}/${region}/${name}`);
}

/** The digest in the path; null = not `sha256:` and 64 hex digits. */
export function digestOf(c: Context<AppEnv>): ImageDigest | null {
  return parseImageDigest(c.req.param("digest") ?? "");
}

/** The release id in the path; null = not an id. */
export function releaseOf(c: Context<AppEnv>): ReleaseId | null {
  return parseReleaseId(c.req.param("id") ?? "");
}

/** A whole number from 1 to 200, 50 when nothing is said; null = not such a number. */
export function limitOf(text: string | undefined): number | null {
  if (text === undefined) return 50;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= 200 ? limit : null;
}
