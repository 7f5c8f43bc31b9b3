import { parseGantryYaml } from "../../shared/config/gantry-yaml.ts";
import { parsePolicy } from "../../shared/config/policy-yaml.ts";
import { formatProblem } from "../../shared/config/problem.ts";
import { limitProblems, mayRelease } from "../../shared/domain/policy.ts";
import type { Answers } from "./answers.ts";

/** A file that `init` writes. */
export type WrittenFile = Readonly<{ path: string; text: string }>;

/** The `gantry.yaml` of these answers. */
export function gantryYamlOf(answers: Answers): string {
  const { project, region, service, repository, tags, directory, health, approvers, slack } = answers;
  const folder = directory === "." ? "" : `, directory: ${quoted(directory)}`;
  const gate =
    health === ""
      ? [
          "# No check was named, so the gate asks only whether the new revision is the right one, and answers.",
          "verify: {}",
        ]
      : ["verify:", "  checks:", `    - { name: health, get: ${quoted(health)}, status: 200 }`];
  return lines([
    "# Gantry reads this file at the commit that a tag names. `gantry validate` checks it; `gantry schema` has every key.",
    "version: 1",
    `service: { project: ${quoted(project)}, region: ${region}, name: ${quoted(service)} }`,
    `source: { repository: ${quoted(repository)}, tags: ${quoted(tags)}${folder} }`,
    "# A private repository is fetched through a connection of Cloud Build's; its full name goes into source, and is printed by",
    `#   gcloud builds repositories list --connection=CONNECTION --region=${region} --project=${project}`,
    "#   connection: projects/PROJECT/locations/REGION/connections/CONNECTION/repositories/NAME",
    "",
    "# What a candidate must prove while it has no traffic.",
    ...gate,
    "",
    ...(approvers === ""
      ? []
      : [
          "# Nothing has traffic before somebody of this group says yes; gantry.policy.yaml names them.",
          'approval: { required: true, from: ["@approvers"], count: 1, author: false, expires: 4h }',
          "",
        ]),
    "# Traffic moves in these steps. When what is watched turns bad, the old revision gets all of it back at once.",
    "rollout:",
    "  steps: [{ traffic: 5%, hold: 10m }, { traffic: 25%, hold: 10m }, { traffic: 100% }]",
    "  watch: { errors: { max: 1% } }",
    "  bake: 30m",
    ...(slack === "" ? [] : ["", `notify: { slack: ${JSON.stringify(slack)} }`]),
  ]);
}

/** The `gantry.policy.yaml` that lets this repository release this service, and no other. */
export function policyOf(answers: Answers, branch: string | null): string {
  const { project, region, service, repository, approvers } = answers;
  return lines([
    "# Belongs to whoever operates Gantry, and holds no secrets. No gantry.yaml can loosen what it says.",
    "version: 1",
    "",
    "# What is not listed is refused.",
    "repositories:",
    `  - repository: ${quoted(repository)}`,
    `    services: [${JSON.stringify(`${project}/${region}/${service}`)}]`,
    ...(branch === null
      ? ["    # branches: [main]   # then a tag counts only when its commit lies on one of these"]
      : [`    branches: [${quoted(branch)}]`]),
    ...(approvers === ""
      ? []
      : ["", "# By Slack user id.", "approvers:", `  "@approvers": [${approvers.split(",").join(", ")}]`]),
    "",
    "limits:",
    "  authorMayApprove: false",
    "  requireRollback: true",
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}

/** As it stands where YAML reads it as the same text, else in quotes. */
function quoted(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** What Gantry itself would say of the two files: they must read without a problem, and allow each other. */
export function problemsOf(gantry: WrittenFile, policy: WrittenFile | null): readonly string[] {
  const config = parseGantryYaml({ file: gantry.path, text: gantry.text });
  if (!config.ok) return config.problems.map(formatProblem);
  if (policy === null) return [];
  const rules = parsePolicy({ file: policy.path, text: policy.text });
  if (!rules.ok) return rules.problems.map(formatProblem);
  const { source, service } = config.value;
  const allowed = mayRelease(rules.value, { repository: source.repository, service });
  const limits = limitProblems(rules.value, config.value).map(({ path, message }) => `${path}: ${message}`);
  return [...(allowed.ok ? [] : [allowed.reason]), ...limits];
}
