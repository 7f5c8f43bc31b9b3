import type { Command } from "commander";
import type { Verb } from "./verb.ts";
import { withExample } from "./verb.ts";

export type InitOptions = Readonly<{
  project?: string;
  region?: string;
  service?: string;
  repository?: string;
  tags?: string;
  directory?: string;
  health?: string;
  approvers?: string;
  slack?: string;
  policy: string;
  yes?: true;
  force?: true;
  json?: true;
}>;

/** `gantry init` */
export function addInit(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("init")
    .description(
      "Write gantry.yaml and gantry.policy.yaml by asking; what git and the folder tell is offered. Nothing that is there is overwritten.",
    )
    .option("--project <ID>", "the Google Cloud project of the service")
    .option("--region <REGION>", "its region")
    .option("--service <NAME>", "its name on Cloud Run")
    .option("--repository <OWNER/NAME>", "its repository on GitHub")
    .option("--tags <PATTERN>", "which tags start a release")
    .option("--directory <PATH>", "the folder with the Dockerfile")
    .option("--health <PATH>", "a path that answers 200 when the service is well; - for none")
    .option("--approvers <IDS>", "Slack user ids, with a comma between; - for nobody")
    .option("--slack <CHANNEL>", "the channel that hears of releases; - for none")
    .option("--policy <FILE>", "where the operator's policy goes; - for none", "gantry.policy.yaml")
    .option("--yes", "do not ask: take what the flags, git and the folder say")
    .option("--force", "write over files that are there")
    .option("--json", "one JSON document on stdout; asks nothing")
    .action(async (options: InitOptions) => {
      const { runInit } = await import("./init/main.ts");
      finish(await runInit(options, io));
    });
  withExample(
    command,
    "gantry init",
    "gantry init --yes --project acme-prod --region us-central1 --service api --health /health",
  );
}
