import { type ImageDigest, parseImageDigest } from "./ids.ts";

/** An image by name, with its tag or digest where it has one. `registry` null = none is named, which means Docker Hub. */
export type ImageReference = Readonly<{
  name: string; // with the registry
  registry: string | null;
  path: string; // without the registry
  tag: string | null;
  digest: ImageDigest | null;
}>;

const component = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const host = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/;

/** Reads `host/path:tag@digest` by the grammar of distribution references; null when the text is none. */
export function parseImageReference(text: string): ImageReference | null {
  const [, named = "", digest] = /^([^@]+)(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? null : named.slice(colon + 1);
  const [first = "", ...rest] = name.split("/");
  const withHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = withHost ? rest : [first, ...rest];
  const isName = (!withHost || host.test(first)) && path.every((part) => component.test(part));
  const isTag = tag === null || /^\w[\w.-]{0,127}$/.test(tag);
  if (!isName || !isTag || name.length > 255) return null;
  const registry = withHost ? first : null;
  return { name, registry, path: path.join("/"), tag, digest: parseImageDigest(digest ?? "") };
}
