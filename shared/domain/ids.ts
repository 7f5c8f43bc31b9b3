/** A string that only its parser makes, so that a tag can never be handed over where a digest is meant. */
export type Brand<Name extends string> = string & { readonly __brand: Name };

/** `project/region/name` of one Cloud Run service. */
export type ServiceKey = Brand<"ServiceKey">;
/** Identifies one attempt to take one commit of one service live. */
export type ReleaseId = Brand<"ReleaseId">;
/** The short name of a Cloud Run revision, without `projects/…`. */
export type RevisionName = Brand<"RevisionName">;
/** The full 40-digit name of a git commit. */
export type CommitSha = Brand<"CommitSha">;
/** A git tag without `refs/tags/`. */
export type TagName = Brand<"TagName">;
/** `sha256:` and 64 hex digits. */
export type ImageDigest = Brand<"ImageDigest">;
/** The id that Cloud Build gave to a build. */
export type BuildId = Brand<"BuildId">;

/** Milliseconds since 1970 UTC, read from a clock outside the domain. */
export type Timestamp = number;

const patterns = {
  serviceKey:
    /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\/[a-z]+-[a-z]+[0-9]+\/[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/,
  releaseId: /^[a-z0-9][a-z0-9-]{5,62}$/,
  revisionName: /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  commitSha: /^[0-9a-f]{40}$/,
  tagName: /^[A-Za-z0-9][A-Za-z0-9._+/-]{0,127}$/,
  imageDigest: /^sha256:[0-9a-f]{64}$/,
  buildId: /^[A-Za-z0-9-]{1,64}$/,
} as const;

function parser<Name extends string>(pattern: RegExp): (text: string) => Brand<Name> | null {
  const matches = (text: string): text is Brand<Name> => pattern.test(text);
  return (text) => (matches(text) ? text : null);
}

/** Null when the text is no `project/region/name`. */
export const parseServiceKey = parser<"ServiceKey">(patterns.serviceKey);
/** Null when the text cannot be a release id. */
export const parseReleaseId = parser<"ReleaseId">(patterns.releaseId);
/** Null when the text is no DNS label of 63 characters at most. */
export const parseRevisionName = parser<"RevisionName">(patterns.revisionName);
/** Null when the text is not 40 lower-case hex digits. */
export const parseCommitSha = parser<"CommitSha">(patterns.commitSha);
/**
 * Null when the text holds a character that a shell, a URL or a message would read as more than text, or when it
 * is no valid git reference name. Stricter than git: Gantry refuses such tags rather than escape them everywhere.
 */
export function parseTagName(text: string): TagName | null {
  const tag = parser<"TagName">(patterns.tagName)(text);
  const isReference = !(text.includes("..") || text.includes("//") || /(?:\/|\.|\.lock)$/.test(text));
  return isReference ? tag : null;
}
/** Null when the text is not `sha256:` and 64 lower-case hex digits. */
export const parseImageDigest = parser<"ImageDigest">(patterns.imageDigest);
/** True for `owner/name`, which can stand in a path as it is: no part of it is one that a path would swallow. */
export function isRepositoryName(text: string): boolean {
  return /^(?!\.{1,2}\/)[A-Za-z0-9_.-]{1,100}\/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/.test(text);
}
/** Null when the text cannot be a Cloud Build id. */
export const parseBuildId = parser<"BuildId">(patterns.buildId);
