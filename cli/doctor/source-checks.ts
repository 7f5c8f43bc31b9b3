import { z } from "zod";
import type { ReleaseConfig } from "../../shared/domain/release-config.ts";
import type { CliIo } from "../cli-io.ts";
import { type Finding, findings } from "./finding.ts";
import { githubApi } from "./github-api.ts";

const { ok, broken, unknown } = findings("build-source");

/**
 * Whether Cloud Build can fetch what `gantry.yaml` has it build. Without a connection it clones by URL with no password, so GitHub
 * is asked in the same way: what a stranger does not see is private (404, https://docs.github.com/en/rest/repos/repos).
 */
export async function checkBuildSource(
  io: Pick<CliIo, "fetch">,
  { baseUrl, config }: Readonly<{ baseUrl: string; config: Pick<ReleaseConfig, "service" | "source"> }>,
): Promise<readonly Finding[]> {
  const { repository, connection } = config.source;
  if (connection !== undefined) return [ok(`Cloud Build fetches ${repository} through a connection`)];
  const api = githubApi(io, { baseUrl, repository, bearer: null });
  const { status, value } = await api("", z.object({ private: z.boolean() }));
  if (value?.private === false) return [ok(`Cloud Build can clone ${repository}, which is public`)];
  if (value?.private === true || status === 404) return [broken(...unconnected(config))];
  return [
    unknown(
      `whether Cloud Build can clone ${repository}`,
      `GitHub answers ${status || "nothing"} to a stranger. A private repository needs source.connection in gantry.yaml.`,
      "gantry doctor",
    ),
  ];
}

function unconnected({
  service,
  source,
}: Pick<ReleaseConfig, "service" | "source">): readonly [what: string, means: string, ...next: string[]] {
  const { project, region } = service;
  const name = source.repository.replace("/", "-");
  const place = `--region=${region} --project=${project}`;
  return [
    `Cloud Build cannot clone ${source.repository}: it is private, and gantry.yaml names no source.connection`,
    "Each build of a tag ends with: could not read Username. Images that were built elsewhere can be released (gantry deploy --image).",
    `gcloud builds connections create github github ${place}`,
    `gcloud builds repositories create ${name} --remote-uri=https://github.com/${source.repository}.git --connection=github ${place}`,
    `# in gantry.yaml, under source: connection: projects/${project}/locations/${region}/connections/github/repositories/${name}`,
  ];
}
