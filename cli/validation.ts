import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseGantryYaml } from "../shared/config/gantry-yaml.ts";
import { parsePolicy } from "../shared/config/policy-yaml.ts";
import type { ConfigProblem } from "../shared/config/problem.ts";
import { limitProblems, mayRelease, type Policy } from "../shared/domain/policy.ts";
import type { ReleaseConfig } from "../shared/domain/release-config.ts";
import { reservedPaths } from "./reserved-paths.ts";
import { unusedSettings } from "./unused-settings.ts";
import { ofBuildFile, ofGantryYaml } from "./validate-build-file.ts";
import { kindOf, ofPlan, ofScript } from "./validate-deploy-files.ts";
import {
  findingAt,
  type NamedText,
  namedText,
  plainFinding,
  together,
  type Validation,
} from "./validation-finding.ts";

/** No `files` = the gantry.yaml of the folder, which need not be there where a policy is named. */
type Wanted = Readonly<{ cwd: string; files: readonly string[]; policy: string | null }>;

const defaultFile = "gantry.yaml";

/** Reads and judges all that belongs to the files. A file that is named but cannot be read is a complaint. */
export async function validateFiles({ cwd, files, policy }: Wanted): Promise<Validation> {
  const onlyPolicy = files.length === 0 && policy !== null && !existsSync(join(cwd, defaultFile));
  const wanted = files.length === 0 && !onlyPolicy ? [defaultFile] : files;
  const all = await Promise.all(wanted.map((file) => namedText(cwd, file)));
  const allowed = policy === null ? null : await namedText(cwd, policy);
  const config =
    all
      .filter((one) => kindOf(one) === "gantry")
      .map(configOf)
      .find(isKnown) ?? null;
  const validations = await Promise.all(
    all.map((named) => validationOf({ cwd, named, all, allowed, config })),
  );
  const ofPolicy = allowed === null ? [] : [policyValidation(allowed)];
  return together([...validations, ...ofPolicy]);
}

type OneFile = Readonly<{
  cwd: string;
  named: NamedText;
  all: readonly NamedText[];
  allowed: NamedText | null; // the policy
  config: ReleaseConfig | null; // of the gantry.yaml among the files
}>;

async function validationOf({ cwd, named, all, allowed, config }: OneFile): Promise<Validation> {
  switch (kindOf(named)) {
    case "policy":
      return policyValidation(named);
    case "script":
      return ofScript({ cwd, named, all });
    case "plan":
      return ofPlan({ cwd, named, all });
    case "build":
      return ofBuildFile(named, config);
    case "gantry":
      return gantryValidation(cwd, named, allowed);
  }
}

async function gantryValidation(
  cwd: string,
  named: NamedText,
  allowed: NamedText | null,
): Promise<Validation> {
  const parsed = parseGantryYaml(named);
  const files = [named.file];
  if (!parsed.ok) return { files, problems: parsed.problems.map(plainFinding), warnings: [], notes: [] };
  const config = parsed.value;
  const policy = allowed === null ? null : parsePolicy(allowed);
  const notAllowed = policy?.ok ? policyProblems(policy.value, config, named) : [];
  const notes = [...unusedSettings(config), ...reservedPaths(config)].map(({ path, message }) =>
    findingAt(named, path, message),
  );
  const own = { files, problems: notAllowed.map(plainFinding), warnings: [], notes };
  return together([own, await ofGantryYaml({ cwd, named, config })]);
}

function policyValidation(named: NamedText): Validation {
  const parsed = parsePolicy(named);
  const problems = parsed.ok ? [] : parsed.problems.map(plainFinding);
  return { files: [named.file], problems, warnings: [], notes: [] };
}

function configOf(named: NamedText): ReleaseConfig | null {
  const parsed = parseGantryYaml(named);
  return parsed.ok ? parsed.value : null;
}

function isKnown(config: ReleaseConfig | null): config is ReleaseConfig {
  return config !== null;
}

function policyProblems(policy: Policy, config: ReleaseConfig, named: NamedText): readonly ConfigProblem[] {
  const { source, service } = config;
  const allowed = mayRelease(policy, { repository: source.repository, service });
  const places = [
    ...(allowed.ok ? [] : [{ path: "source.repository", message: allowed.reason }]),
    ...limitProblems(policy, config),
  ];
  return places.map(({ path, message }) => {
    const { line, column } = findingAt(named, path, message);
    return { file: named.file, line, column, path, message };
  });
}
