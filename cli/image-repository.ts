import { imageRepositoryOf } from "../shared/domain/release-config.ts";

/** What an option is given behind a service where its images are pushed to another repository than the usual one. */
export const imageRepositoryExample = "us-central1-docker.pkg.dev/acme-ops/images";

/** The repository that a person named, else the usual one of the service; null = it is none of Artifact Registry. */
export function imageRepositoryNamed(
  repository: string | undefined,
  service: Readonly<{ project: string; region: string }>,
): string | null {
  if (repository === undefined) return imageRepositoryOf({ build: { repository: null }, service });
  const isOne = /^[a-z0-9-]+-docker\.pkg\.dev(?:\/[a-z0-9.:-]+){1,2}\/[a-z][a-z0-9-]{0,62}$/.test(repository);
  return isOne ? repository : null;
}
