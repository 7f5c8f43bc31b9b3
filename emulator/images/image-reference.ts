/** A container image reference taken apart; `tag` is `latest` where neither tag nor digest is written. */
export type ImageReference = Readonly<{ repository: string; tag: string | null; digest: string | null }>;

const hostPart = "[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?";
const pathPart = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const tagPart = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const referencePattern = new RegExp(
  `^(?<repository>(?:${hostPart}/)?${pathPart}(?:/${pathPart})*)(?::(?<tag>${tagPart}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$`,
);

/** Reads `host/repository/name:tag` and `…@sha256:…` by the grammar of the distribution project; null if it does not parse. */
export function parseImageReference(text: string): ImageReference | null {
  const groups = referencePattern.exec(text)?.groups;
  const repository = groups?.["repository"];
  if (repository === undefined) return null;
  const digest = groups?.["digest"] ?? null;
  const tag = groups?.["tag"] ?? (digest === null ? "latest" : null);
  return { repository, tag, digest };
}
