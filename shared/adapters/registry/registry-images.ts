import { createHash } from "node:crypto";
import { parseImageDigest } from "../../domain/ids.ts";
import type { ImageReference } from "../../domain/image-reference.ts";
import { AppError } from "../../ports/app-error.ts";
import type { ImageAnswer, ImagesPort } from "../../ports/images.ts";

export type RegistrySettings = Readonly<{
  /** A server that stands in for every registry; null = each is asked at its own host, over HTTPS. */
  mirror: string | null;
  /** The identity that Google's registries are shown; no other registry ever gets to see it. */
  token: () => Promise<string>;
  timeoutMs: number;
  maxManifestBytes: number;
}>;

type RegistryLimits = Pick<RegistrySettings, "timeoutMs" | "maxManifestBytes">;

/** The specification asks of registries to take manifests of at least 4 MB, and clients limit what they read to that. */
export const registryLimits: RegistryLimits = { timeoutMs: 20_000, maxManifestBytes: 4 * 1024 * 1024 };

/** What can be deployed: one image, or an index of them by platform, in OCI's words and in Docker's. */
const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

/**
 * `ImagesPort` over the pull part of the OCI distribution specification
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull). Artifact Registry takes an access token as
 * it is: https://cloud.google.com/artifact-registry/docs/reference/docker-api
 */
export function createRegistryImages(settings: RegistrySettings): ImagesPort {
  return { resolve: (reference) => resolve(settings, reference) };
}

async function resolve(settings: RegistrySettings, reference: ImageReference): Promise<ImageAnswer> {
  const { registry, name } = reference;
  if (registry === null)
    return { outcome: "unusable", message: `${name} names no registry; write it as HOST/PATH:TAG.` };
  const asked = { ...reference, registry };
  const answer = await ask(settings, asked, "HEAD");
  const refused = refusalOf(answer, asked);
  if (refused !== null) return refused;
  const digest = parseImageDigest(answer.headers.get("docker-content-digest") ?? "");
  if (digest === null) return resolveByContent(settings, asked);
  return found(asked, digest);
}

type Asked = ImageReference & Readonly<{ registry: string }>;

function found({ name, digest: wanted }: Asked, digest: NonNullable<ImageReference["digest"]>): ImageAnswer {
  if (wanted !== null && wanted !== digest)
    return { outcome: "unusable", message: `The registry answers for ${name}@${wanted} with ${digest}.` };
  return { outcome: "found", image: { name, digest } };
}

/** The header is optional in the specification: then the digest is that of the manifest itself. */
async function resolveByContent(settings: RegistrySettings, asked: Asked): Promise<ImageAnswer> {
  const answer = await ask(settings, asked, "GET");
  const refused = refusalOf(answer, asked);
  if (refused !== null) return refused;
  const body = await bodyOf(answer, settings, asked);
  const digest = body && parseImageDigest(`sha256:${createHash("sha256").update(body).digest("hex")}`);
  return digest
    ? found(asked, digest)
    : { outcome: "unusable", message: `The manifest of ${asked.name} is too large to be one.` };
}

async function ask(settings: RegistrySettings, asked: Asked, method: "HEAD" | "GET"): Promise<Response> {
  const { registry, path, tag, digest } = asked;
  const base = settings.mirror ?? `https://${registry}`;
  const url = new URL(`${base}/v2/${path}/manifests/${digest ?? tag ?? "latest"}`);
  // How mirrors are told whose image is meant: https://github.com/containerd/containerd/blob/main/docs/hosts.md
  if (settings.mirror !== null) url.searchParams.set("ns", registry);
  const headers: Record<string, string> = { accept: manifestTypes.join(", ") };
  if (settings.mirror === null && isGoogles(registry))
    headers["authorization"] = await authorization(settings, registry);
  try {
    return await fetch(url, { method, headers, signal: AbortSignal.timeout(settings.timeoutMs) });
  } catch (cause) {
    throw unavailable(registry, reasonOf(cause), cause);
  }
}

/** Registries that Google runs, which take Google's tokens. */
function isGoogles(registry: string): boolean {
  return /(?:^|[.-])docker\.pkg\.dev$|(?:^|\.)gcr\.io$/.test(registry);
}

async function authorization({ token }: RegistrySettings, registry: string): Promise<string> {
  try {
    return `Bearer ${await token()}`;
  } catch (cause) {
    throw unavailable(registry, `no token for it: ${reasonOf(cause)}`, cause);
  }
}

/** Null = the registry has the manifest. What may pass is thrown. */
function refusalOf(answer: Response, { registry, name, tag, digest }: Asked): ImageAnswer | null {
  const { status } = answer;
  const whole = digest === null ? `${name}:${tag ?? "latest"}` : `${name}@${digest}`;
  if (status === 429 || status >= 500) throw unavailable(registry, `HTTP ${status}`);
  if (status === 404) return { outcome: "not-found", message: `${registry} has no image ${whole}.` };
  if (status === 401 || status === 403)
    return { outcome: "denied", message: `${registry} does not let Gantry read ${whole} (HTTP ${status}).` };
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  if (status !== 200 || !manifestTypes.some((known) => known === type))
    return {
      outcome: "unusable",
      message: `${registry} answers for ${whole} with no manifest of an image (HTTP ${status}, ${type || "no type"}).`,
    };
  return null;
}

async function bodyOf(
  answer: Response,
  { maxManifestBytes }: RegistrySettings,
  { registry }: Asked,
): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of answer.body ?? []) {
      size += part.byteLength;
      if (size > maxManifestBytes) return null;
      parts.push(part);
    }
  } catch (cause) {
    throw unavailable(registry, reasonOf(cause), cause);
  }
  return Buffer.concat(parts);
}

function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}

function unavailable(registry: string, why: string, cause?: unknown): AppError {
  const message = `The registry ${registry} could not be asked for an image: ${why}.`;
  return new AppError({ code: "images-unavailable", message, transient: true, cause });
}
