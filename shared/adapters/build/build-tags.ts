import { parseReleaseId, parseServiceKey, type ReleaseId, type ServiceKey } from "../../domain/ids.ts";
import { type BuildAttempt, releaseTagPrefix } from "../../ports/build.ts";

const maxTagLength = 128; // `^[\w][\w.-]{0,127}$`, which Cloud Build asks of every tag

/** What the tags of a build of Gantry's tell: a build is found again, and understood, by them alone. */
export type BuildTags = Readonly<{
  releaseId: ReleaseId | null;
  service: ServiceKey | null;
  attempt: BuildAttempt;
  /** Which of the build's images is the service's. */
  imageIndex: number;
}>;

const prefixes = { release: releaseTagPrefix, service: "gantry-service-", image: "gantry-image-" } as const;
const secondTag = "gantry-attempt-2";

/** The tag by which the builds of a release are found again. */
export function releaseTag(releaseId: ReleaseId): string {
  return prefixes.release + releaseId;
}

/** All tags that Gantry puts on a build. A service key too long for a tag is left out. */
export function buildTagsFor({
  releaseId,
  service,
  attempt,
  imageIndex,
}: Readonly<{
  releaseId: ReleaseId;
  service: ServiceKey;
  attempt: BuildAttempt;
  imageIndex: number;
}>): readonly string[] {
  // No part of a key holds a `_` or two dots in a row, so both can be read back.
  const key = prefixes.service + service.replaceAll("/", "_").replaceAll(":", "..");
  return [
    "gantry",
    releaseTag(releaseId),
    ...(attempt === 2 ? [secondTag] : []),
    ...(key.length <= maxTagLength ? [key] : []),
    `${prefixes.image}${imageIndex}`,
  ];
}

/** Reads the tags of any build; null = not a build of Gantry's. */
export function readBuildTags(tags: readonly string[]): BuildTags {
  const after = (prefix: string): string =>
    tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length) ?? "";
  return {
    releaseId: parseReleaseId(after(prefixes.release)),
    service: parseServiceKey(after(prefixes.service).replaceAll("..", ":").replaceAll("_", "/")),
    attempt: tags.includes(secondTag) ? 2 : 1,
    imageIndex: Number(/^\d{1,3}$/.exec(after(prefixes.image))?.[0] ?? 0),
  };
}
