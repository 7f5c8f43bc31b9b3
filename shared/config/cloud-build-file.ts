import { buildFindings } from "./build-checks.ts";
import { type BuildFinding, type BuildFindingCode, buildAdvice, type RawFinding } from "./build-finding.ts";
import { ruleFindings, serviceImageIndex } from "./build-rules.ts";
import { substitutionFindings } from "./build-substitution-checks.ts";
import { referencesIn, substitute, substitutionsFor } from "./build-substitutions.ts";
import { automappedScripts, templatesOf } from "./build-templates.ts";
import { type CloudBuildFile, cloudBuildSchema } from "./cloud-build-schema.ts";
import { type ConfigText, parseConfig } from "./parse-config.ts";
import { type ConfigProblem, formatPath, inFileOrder } from "./problem.ts";
import type { YamlSource } from "./yaml-source.ts";

export type CloudBuildInput = ConfigText &
  Readonly<{
    available: Readonly<Record<string, string>>; // `gantrySubstitutions`: passed only when the file uses them
    substitutions: Readonly<Record<string, string>>; // `build.substitutions` of gantry.yaml: always passed
    project?: string; // whose PROJECT_ID is used to judge names
    /** The full name of the only account that the file may name; null = none; without it the account is not judged. */
    runsAs?: string | null;
  }>;

export type CloudBuildResult =
  | Readonly<{
      ok: true;
      build: CloudBuildFile; // with exactly the substitutions that the request must carry
      imageIndex: number; // which of the build's images is the service's
      warnings: readonly BuildFinding[];
    }>
  | Readonly<{ ok: false; findings: readonly BuildFinding[] }>;

/**
 * Reads a Cloud Build file as Cloud Build would, and as Gantry needs it. A file with one error gives all errors and
 * warnings, in the order of the file; nothing is thrown, and nothing is asked of any service.
 */
export function parseCloudBuildFile(input: CloudBuildInput): CloudBuildResult {
  const parsed = parseConfig(input, cloudBuildSchema);
  const place = (one: RawFinding) => placed(one, parsed.source, input.file);
  if (!parsed.ok) {
    const invalid = parsed.problems.map((problem) => advised("invalid-file", problem));
    const rules = parsed.rest === null ? [] : rulesOfRest(parsed.rest, input).map(place);
    return { ok: false, findings: inFileOrder([...invalid, ...rules]) };
  }
  const build = withSubstitutions(parsed.value, input);
  const replaced = replacing(build, input);
  const raw = [
    ...substitutionFindings({ build, substitutions: build.substitutions ?? {} }),
    ...buildFindings(build, replaced),
    ...ruleFindings(build, replaced),
    ...accountFindings(build, input, replaced),
  ];
  const findings = inFileOrder(raw.map(place));
  const imageIndex = serviceImageIndex(build, replaced);
  return imageIndex === null || raw.some(({ code }) => buildAdvice[code].severity === "error")
    ? { ok: false, findings }
    : { ok: true, build, imageIndex, warnings: findings };
}

/** Whoever starts builds for several repositories may act as accounts of all of them: which one is not the file's to say. */
function accountFindings(
  { serviceAccount }: CloudBuildFile,
  { runsAs }: CloudBuildInput,
  replaced: (text: string) => string,
): readonly RawFinding[] {
  if (runsAs === undefined || serviceAccount === undefined || replaced(serviceAccount) === runsAs) return [];
  const allowed =
    runsAs === null
      ? "the operator set no `buildAccount` in gantry.server.yaml, so builds run as Cloud Build's default account"
      : `the operator lets builds run as ${runsAs} only`;
  const message = `names ${JSON.stringify(serviceAccount)}; ${allowed}. Take it out of the build file`;
  return [{ code: "account-not-allowed", path: ["serviceAccount"], message }];
}

/** A file with a misspelt key still deploys by itself: both are told at once. */
function rulesOfRest(rest: CloudBuildFile, input: CloudBuildInput): readonly RawFinding[] {
  const build = withSubstitutions(rest, input);
  return ruleFindings(build, replacing(build, input));
}

/** Replaces substitutions as far as they are known before the build exists. */
function replacing(
  build: CloudBuildFile,
  { project = "project-id" }: CloudBuildInput,
): (text: string) => string {
  const values = { ...placeholders, ...unset(build), PROJECT_ID: project, ...build.substitutions };
  return (text) => substitute(text, values);
}

/** Stand for what only Cloud Build knows, so that names can be judged before a build exists. */
const placeholders = { PROJECT_NUMBER: "1", BUILD_ID: "build-id", LOCATION: "global" };

/** A `_KEY` that nothing sets is one finding; under ALLOW_LOOSE it is none, and really becomes nothing. */
function unset(build: CloudBuildFile): Readonly<Record<string, string>> {
  if (build.options?.substitutionOption === "ALLOW_LOOSE") return {};
  const keys = templatesOf(build).flatMap(({ text }) => referencesIn(text).map(({ key }) => key));
  return Object.fromEntries(keys.filter((key) => key.startsWith("_")).map((key) => [key, "unset"]));
}

/** The file's own defaults, then what Gantry passes of what the file uses, then what gantry.yaml sets. */
function withSubstitutions(
  build: CloudBuildFile,
  { available, substitutions }: CloudBuildInput,
): CloudBuildFile {
  const templates = [...templatesOf(build).map(({ text }) => text), ...automappedScripts(build)];
  const passed = substitutionsFor({ templates, available });
  return { ...build, substitutions: { ...build.substitutions, ...passed, ...substitutions } };
}

function placed({ code, path, message }: RawFinding, source: YamlSource, file: string): BuildFinding {
  const part = source.has(path) && code !== "substitution-unused" ? "value" : "key";
  return advised(code, { file, ...source.positionOf(path, part), path: formatPath(path), message });
}

function advised(code: BuildFindingCode, problem: ConfigProblem): BuildFinding {
  return { ...problem, code, ...buildAdvice[code] };
}
