import { createHash } from "node:crypto";

/** The media type of the manifest of one image: https://github.com/opencontainers/image-spec/blob/main/manifest.md */
export const manifestType = "application/vnd.oci.image.manifest.v1+json";

type Blob = Readonly<{ digest: string; size: number }>;

/** `sha256:` and the digest of a text, by which registries name everything. */
export function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/**
 * The manifest of an image in OCI's words. Its own digest is the image's, as in any registry; the layer stands for the files,
 * which the local cloud keeps as a folder and not as an archive.
 */
export function imageManifest({ config, files }: Readonly<{ config: Blob; files: Blob }>): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...files }],
  });
}
