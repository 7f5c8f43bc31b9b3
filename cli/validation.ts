import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { BuildFinding } from "../shared/config/build-finding.ts";
import { gantrySubstitutions } from "../shared/config/build-substitutions.ts";
import { parseCloudBuildFile } from "../shared/config/cloud-build-file.ts";
import { parseGantryYaml } from "../shared/config/gantry-yaml.ts";
import { parsePolicy } from "../shared/config/policy-yaml.ts";
import type { ConfigProblem } from "../shared/config/problem.ts";
import { readYaml } from "../shared/config/yaml-source.ts";
import { limitProblems, mayRelease, type Policy } from "../shared/domain/policy.ts";
import type { ReleaseConfig } from "../shared/domain/release-config.ts";
import { Complaint, nothingChanged } from "./complaint.ts";
import { exitCodes } from "./exit-code.ts";
import { unusedSettings } from "./unused-settings.ts";

/** Something at a place of a file. `place` is `file:line:col`, the file as seen from the folder of the person. */
export type Finding = Readonly<{
  place: string;
  file: string;
  line: number;
  column: number;
  path: string;
  message: string;
}>;

/** Problems stop a release; notes do not. */
export type Validation = Readonly<{
  files: readonly string[];
  problems: readonly Finding[];
  notes: readonly Finding[];
}>;

/** `file` null = the gantry.yaml of the folder, which need not be there where a policy is named. */
type Wanted = Readonly<{ cwd: string; file: string | null; policy: string | null }>;

/** A text with the name that problems carry. */
type NamedText = Readonly<{ text: string; file: string }>;

const defaultFile = "gantry.yaml";

/** Reads and judges all that belongs to `file`. A file that is named but cannot be read is a complaint. */
export async function validateFiles({ cwd, file, policy }: Wanted): Promise<Validation> {
  if (file === null && policy !== null && !existsSync(join(cwd, defaultFile)))
    return policyValidation(await namedText(cwd, policy));
  const named = await namedText(cwd, file ?? defaultFile);
  if (basename(named.file).endsWith("policy.yaml")) return policyValidation(named);
  const allowed = policy === null ? null : await namedText(cwd, policy);
  const parsedPolicy = allowed === null ? null : parsePolicy(allowed);
  const ofPolicy = parsedPolicy === null || parsedPolicy.ok ? [] : parsedPolicy.problems;
  const files = [named, ...(allowed === null ? [] : [allowed])].map((one) => one.file);
  const parsed = parseGantryYaml(named);
  if (!parsed.ok) return { files, problems: [...parsed.problems, ...ofPolicy].map(finding), notes: [] };
  const config = parsed.value;
  const notAllowed = parsedPolicy?.ok ? policyProblems(parsedPolicy.value, config, named) : [];
  const build = await buildValidation({ cwd, named, config });
  return {
    files: [...files, ...build.files],
    problems: [...[...ofPolicy, ...notAllowed].map(finding), ...build.problems],
    notes: [...unusedSettings(config).map(({ path, message }) => at(named, path, message)), ...build.notes],
  };
}

function policyValidation(named: NamedText): Validation {
  const parsed = parsePolicy(named);
  return { files: [named.file], problems: parsed.ok ? [] : parsed.problems.map(finding), notes: [] };
}

async function namedText(cwd: string, file: string): Promise<NamedText> {
  const path = resolve(cwd, file);
  try {
    return { text: await readFile(path, "utf8"), file: relative(cwd, path) || file };
  } catch (error) {
    const text = {
      code: "file-unreadable",
      happened: `"${file}" cannot be read`,
      traffic: nothingChanged,
      why: error instanceof Error ? error.message : String(error),
      next: ["gantry validate path/to/gantry.yaml"],
    };
    throw new Complaint(text, exitCodes.usage);
  }
}

function finding({ file, line, column, path, message }: ConfigProblem): Finding {
  const text = path === "" ? message : `${path}: ${message}`;
  return { place: `${file}:${line}:${column}`, file, line, column, path, message: text };
}

/** A finding at a dotted path such as `rollout.steps[0].traffic`, or at the nearest place above that is written. */
function at({ text, file }: NamedText, path: string, message: string): Finding {
  const keys = [...path.matchAll(/[^.[\]]+/g)].map(([key]) => (/^\d+$/.test(key) ? Number(key) : key));
  return finding({ file, ...readYaml({ text, file }).positionOf(keys, "key"), path, message });
}

function policyProblems(policy: Policy, config: ReleaseConfig, named: NamedText): readonly ConfigProblem[] {
  const { source, service } = config;
  const allowed = mayRelease(policy, { repository: source.repository, service });
  const places = [
    ...(allowed.ok ? [] : [{ path: "source.repository", message: allowed.reason }]),
    ...limitProblems(policy, config),
  ];
  return places.map(({ path, message }) => {
    const { line, column } = at(named, path, message);
    return { file: named.file, line, column, path, message };
  });
}

const usualBuildFiles = ["cloudbuild-nocache.yaml", "cloudbuild.yaml"];

type Building = Readonly<{ cwd: string; named: NamedText; config: ReleaseConfig }>;

/** The Cloud Build file that `build.config` names; one that only stands beside is looked at, but stops nothing. */
async function buildValidation({ cwd, named, config }: Building): Promise<Validation> {
  const folder = join(dirname(named.file), config.source.directory);
  const { config: name } = config.build;
  if (name !== null) return namedBuild({ cwd, named, config }, join(folder, name));
  const beside = usualBuildFiles.map((one) => join(folder, one)).find((one) => existsSync(resolve(cwd, one)));
  if (beside === undefined) return { files: [], problems: [], notes: [] };
  const findings = buildFindings(await namedText(cwd, beside), config);
  const message = `is not named by build.config, so Gantry builds with its own file and not with this one`;
  const notUsed = finding({ file: beside, line: 1, column: 1, path: "", message });
  return { files: [], problems: [], notes: [notUsed, ...findings.map(buildFinding)] };
}

async function namedBuild({ cwd, named, config }: Building, path: string): Promise<Validation> {
  if (!existsSync(resolve(cwd, path))) {
    const missing = at(named, "build.config", `there is no file ${path}`);
    return { files: [], problems: [missing], notes: [] };
  }
  const findings = buildFindings(await namedText(cwd, path), config);
  return {
    files: [path],
    problems: findings.filter(({ severity }) => severity === "error").map(buildFinding),
    notes: findings.filter(({ severity }) => severity === "warning").map(buildFinding),
  };
}

function buildFinding(found: BuildFinding): Finding {
  return finding({ ...found, message: `${found.message} (${found.code}). ${found.repair}` });
}

/** Judged with the substitutions of an imagined release; their values do not matter, their names do. */
function buildFindings(file: NamedText, { service, source, build }: ReleaseConfig): readonly BuildFinding[] {
  const available = gantrySubstitutions({
    service,
    imageRepository: build.repository,
    repository: source.repository,
    directory: source.directory,
    tag: "v0.0.0",
    commit: "0".repeat(40),
    release: "r-00000000",
  });
  const { substitutions } = build;
  const parsed = parseCloudBuildFile({ ...file, available, substitutions, project: service.project });
  return parsed.ok ? parsed.warnings : parsed.findings;
}
