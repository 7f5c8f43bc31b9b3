/**
 * A container image as the local cloud keeps it: a folder with the files that the Dockerfile copied, and the
 * command that starts it. There is no container engine behind it; the command runs as a child process.
 */
export type ProcessImage = Readonly<{
  /** `sha256:` and 64 hex digits over the files and the configuration: the same content has the same digest. */
  digest: string;
  /** The image's root folder: an absolute path in the image (`/app`) lies at `join(rootDirectory, "app")`. */
  rootDirectory: string;
  /** Working directory inside the image, as an absolute path of the image. */
  workingDirectory: string;
  /** ENTRYPOINT and CMD in exec form. `node` as its first word means the Node that runs the local cloud. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
}>;

/** Finds images by reference (`host/repository/name:tag` or `…@sha256:…`). */
export interface ImageSource {
  /** The image, or null when the repository holds no such name, tag or digest. */
  resolve(reference: string): Promise<ProcessImage | null>;
}
