import { type Command, InvalidArgumentError } from "commander";
import { imageRepositoryExample, imageRepositoryNamed } from "./image-repository.ts";
import { type Verb, withExample } from "./verb.ts";

/** A service that is to be released, as a person names it, and where its images are pushed. */
export type NamedService = Readonly<{
  project: string;
  region: string;
  name: string;
  imageRepository: string;
}>;

export type DoctorOptions = Readonly<{
  project?: string;
  region: string;
  database: string;
  config: string;
  policy: string;
  server: string;
  service: readonly NamedService[];
  json?: true;
}>;

/** `gantry doctor` */
export function addDoctor(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("doctor")
    .description(
      "Look at an installation from the outside: files, Google Cloud, GitHub, Slack; say what is wrong, what it means, and what to type.",
    )
    .option("--project <ID>", "Gantry's project on Google Cloud; GOOGLE_CLOUD_PROJECT otherwise")
    .option("--region <REGION>", "where Gantry runs", "us-central1")
    .option("--database <NAME>", "its Firestore database", "(default)")
    .option("--config <FILE>", "the gantry.yaml of a service", "gantry.yaml")
    .option("--policy <FILE>", "the operator's policy", "gantry.policy.yaml")
    .option("--server <FILE>", "the settings of the server", "gantry.server.yaml")
    .option(
      "--service <PROJECT/REGION/NAME>",
      `a service that Gantry releases, beside the one of --config; as often as there are such; with its \`build.repository\` behind a comma, where it has one: ,${imageRepositoryExample}`,
      serviceOption,
      [],
    )
    .option("--json", "one JSON document on stdout")
    .addHelpText("after", `\n${environment}`)
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import("./doctor/main.ts");
      finish(await runDoctor(options, io));
    });
  withExample(command, "gantry doctor", "gantry doctor --project acme-ops --server gantry.server.yaml");
}

const environment = `Google is asked as GOOGLE_OAUTH_ACCESS_TOKEN says (gcloud auth print-access-token), else with Application Default
Credentials; GitHub with GANTRY_GITHUB_TOKEN, Slack with GANTRY_SLACK_TOKEN. What cannot be looked at is said so. Nothing is
changed anywhere. Exit code 1: something is broken.`;

function serviceOption(text: string, before: readonly NamedService[]): readonly NamedService[] {
  const [, project, region, name, repository] =
    /^([a-z0-9.:-]+)\/([a-z0-9-]+)\/([a-z0-9-]+)(?:,(.*))?$/.exec(text) ?? [];
  const example = "acme-ops/us-central1/api";
  const complaint = new InvalidArgumentError(
    `It is like ${example}, or ${example},${imageRepositoryExample}.`,
  );
  if (project === undefined || region === undefined || name === undefined) throw complaint;
  const imageRepository = imageRepositoryNamed(repository, { project, region });
  if (imageRepository === null) throw complaint;
  return [...before, { project, region, name, imageRepository }];
}
