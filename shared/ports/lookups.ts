/** What was found; `unknown` = it could not be asked, and why, for instance because Gantry may not look. */
export type Found<State extends string> = Readonly<{ state: State } | { state: "unknown"; why: string }>;

/** A version of a secret. `secret` is its name, or `projects/…/secrets/…` where it is another project's. */
export type SecretVersion = Readonly<{ project: string; secret: string; version: string }>;

/**
 * What a release needs of Google Cloud beside the service itself. Reads only, never a secret's value, and NEVER throws: what
 * cannot be asked is `unknown`.
 */
export interface LookupsPort {
  /** `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY`. */
  imageRepository(name: string): Promise<Found<"exists" | "missing">>;
  /** A repository in a Cloud Build connection, by its full name. `other`: it is there, and is not `owner/name` on the git host. */
  connectedRepository(
    wanted: Readonly<{ name: string; repository: string }>,
  ): Promise<Found<"exists" | "missing" | "other">>;
  secretVersion(version: SecretVersion): Promise<Found<"usable" | "missing" | "disabled">>;
}
