import type { Finding } from "./finding.ts";
import type { Looked } from "./preflight.ts";
import type { ReleaseConfig } from "./release-config.ts";
import { connectedRepository } from "./source-connection.ts";

/** What is found of the connection that the source is fetched through; a build that cannot fetch fails at its beginning. */
export function connectionFindings(
  { service, source }: Pick<ReleaseConfig, "service" | "source">,
  found: Looked<"exists" | "missing" | "other"> | null,
): readonly Finding[] {
  const named = source.connection === undefined ? null : connectedRepository(source.connection);
  if (named === null || found === null || found.state === "exists") return [];
  const { name, project, region, connection, repository } = named;
  const clone = `https://github.com/${source.repository}.git`;
  if (found.state === "unknown") {
    const whose =
      project === service.project
        ? ""
        : ` It is another project's than the service's (${service.project}): builds run there, and their account needs roles/cloudbuild.readTokenAccessor on the connection.`;
    const message = `Whether ${name} is there could not be looked up (${found.why}); a build that cannot fetch its source fails.${whose}`;
    return [{ severity: "notes", code: "connection-unknown", message, next: "" }];
  }
  if (found.state === "other")
    return [
      {
        severity: "stops",
        code: "connection-differs",
        message: `source.connection in gantry.yaml is not the repository ${source.repository}: ${name} is connected to another one.`,
        next: `gcloud builds repositories list --connection=${connection} --region=${region} --project=${project}`,
      },
    ];
  return [
    {
      severity: "stops",
      code: "connection-missing",
      message: `source.connection in gantry.yaml names ${name}, which does not exist, so the build could not fetch its source.`,
      next: `gcloud builds repositories create ${repository} --remote-uri=${clone} --connection=${connection} --region=${region} --project=${project}`,
    },
  ];
}
