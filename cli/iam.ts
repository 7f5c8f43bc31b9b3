import { type Command, InvalidArgumentError, Option } from "commander";
import { type GitHubWay, githubWays } from "../shared/install/google-parts.ts";
import type { ReleasedService } from "../shared/install/grants.ts";
import { exitCodes } from "./exit-code.ts";
import { imageRepositoryExample, imageRepositoryNamed } from "./image-repository.ts";
import { createOutput } from "./output.ts";
import { type Verb, withExample } from "./verb.ts";

export type IamOptions = Readonly<{
  project?: string;
  region: string;
  database: string;
  service: readonly ReleasedService[];
  slack: boolean;
  github: GitHubWay;
  otlpHeaders?: true;
  gcloud?: true;
  json?: true;
}>;

/** `gantry iam` */
export function addIam(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("iam")
    .description(
      "Print what each part of Gantry may do on Google Cloud, where, and why; with --gcloud, the commands that grant what is missing.",
    )
    .option("--project <ID>", "Gantry's project")
    .option("--region <REGION>", "where Gantry runs", "us-central1")
    .option("--database <NAME>", "its Firestore database", "(default)")
    .option(
      "--service <PROJECT/REGION/NAME=ACCOUNT>",
      `a service that Gantry releases, and its runtime account; as often as there are such; with its \`build.repository\` behind a comma, where it has one: ,${imageRepositoryExample}`,
      serviceOption,
      [],
    )
    .option("--no-slack", "an installation without Slack")
    .addOption(new Option("--github <WAY>", "as whom it goes to GitHub").choices(githubWays).default("token"))
    .option("--otlp-headers", "an installation that sends traces with a header that is a secret")
    .option("--gcloud", "the commands that grant what is missing; all of them where Google cannot be asked")
    .option("--json", "one JSON document on stdout")
    .action(async (options: IamOptions) => {
      const { printGrants, printRights } = await import("./iam/print-rights.ts");
      const out = createOutput(io, { isJson: options.json === true });
      if (options.gcloud === true) await printGrants(io, options, out);
      else printRights(options, out);
      finish(exitCodes.done);
    });
  withExample(
    command,
    "gantry iam",
    "gantry iam --project acme-ops --gcloud --service acme-ops/us-central1/api=api-runtime@acme-ops.iam.gserviceaccount.com",
  );
}

function serviceOption(text: string, before: readonly ReleasedService[]): readonly ReleasedService[] {
  const [, project, region, name, runtimeAccount, repository] =
    /^([a-z0-9.:-]+)\/([a-z0-9-]+)\/([a-z0-9-]+)=([a-z0-9.-]+@[a-z0-9.-]+)(?:,(.*))?$/.exec(text) ?? [];
  const example = "acme-ops/us-central1/api=api-runtime@acme-ops.iam.gserviceaccount.com";
  const complaint = new InvalidArgumentError(
    `It is like ${example}, or ${example},${imageRepositoryExample}.`,
  );
  if (project === undefined || region === undefined || name === undefined || runtimeAccount === undefined)
    throw complaint;
  const imageRepository = imageRepositoryNamed(repository, { project, region });
  if (imageRepository === null) throw complaint;
  return [...before, { project, region, name, runtimeAccount, imageRepository }];
}
