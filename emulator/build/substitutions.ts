import type { Build, BuildStep } from "./build-resource.ts";

/**
 * Built-in keys, and whether the sender of a build may set them: "Substituting variable values" of the Cloud Build
 * documentation, and Google's own cloud-build-local, validate.go, for the rules around them.
 */
const builtIns: Readonly<Record<string, boolean>> = {
  PROJECT_ID: false,
  BUILD_ID: false,
  PROJECT_NUMBER: false,
  LOCATION: false,
  TRIGGER_NAME: true,
  TRIGGER_BUILD_CONFIG_PATH: true,
  REPO_FULL_NAME: true,
  REF_NAME: true,
  SERVICE_ACCOUNT: false,
  SERVICE_ACCOUNT_EMAIL: false,
  REPO_NAME: true,
  BRANCH_NAME: true,
  TAG_NAME: true,
  REVISION_ID: true,
  COMMIT_SHA: true,
  SHORT_SHA: true,
};
const userKey = /^_[A-Z0-9_]+$/;
const parameter = /\$\$|\$\{([A-Z_][A-Z0-9_]*)\}|\$([A-Z_][A-Z0-9_]*)/g;

type Templates = Pick<Build, "steps" | "images" | "tags" | "substitutions" | "options">;

/** The keys that a template names, in order; `$$` is an escaped dollar and names none. */
export function parametersOf(template: string): readonly string[] {
  return [...template.matchAll(parameter)].flatMap((match) => match[1] ?? match[2] ?? []);
}

/** Replaces `$KEY` and `${KEY}`; a key without a value becomes the empty string, as for a build without a trigger. */
export function substitute(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(parameter, (whole, braced?: string, bare?: string) =>
    whole === "$$" ? "$" : (values[braced ?? bare ?? ""] ?? ""),
  );
}

/** What is wrong with the substitution data itself: count, form of the keys, lengths. Null when nothing is. */
export function substitutionDataProblem(data: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(data);
  if (entries.length > 100) return `number of substitutions ${entries.length} exceeded (max: 100)`;
  for (const [key, value] of entries) {
    if (key.length > 100) return `substitution key "${key}" too long (max: 100)`;
    if (!userKey.test(key) && builtIns[key] !== true)
      return `substitution key "${key}" does not respect format "^_[A-Z0-9_]+$" and is not an overridable built-in substitutions`;
    if (value.length > 4000) return `substitution value "${value}" too long (max: 4000)`;
  }
  return null;
}

/** Where templates and data do not match each other: the first hard error, or under MUST_MATCH every mismatch. */
export function substitutionMatchProblem(build: Templates): string | null {
  const unused = new Set(Object.keys(build.substitutions));
  const missing: string[] = [];
  for (const key of templatesOf(build).flatMap(parametersOf)) {
    unused.delete(key);
    if (key in build.substitutions || key in builtIns) continue;
    if (!userKey.test(key))
      return `invalid value for 'build.substitutions': key in the template "${key}" is not a valid built-in substitution`;
    missing.push(
      `key in the template "${key}" is not matched in the substitution data; substitutions = ${goMap(build.substitutions)}`,
    );
  }
  if (build.options?.substitutionOption === "ALLOW_LOOSE") return null;
  const idle = [...unused].map(
    (key) => `key "${key}" in the substitution data is not matched in the template`,
  );
  return missing.length + idle.length === 0 ? null : [...new Set([...missing, ...idle])].join(";");
}

/** The build with every template replaced: steps (name, args, env, dir, entrypoint), images and tags; never scripts. */
export function withSubstitutions(build: Build, projectNumber: string): Build {
  const values: Record<string, string> = {
    PROJECT_ID: build.projectId,
    BUILD_ID: build.id,
    PROJECT_NUMBER: projectNumber,
    LOCATION: "global",
    ...build.substitutions,
  };
  const fill = (template: string) => substitute(template, values);
  return {
    ...build,
    steps: build.steps.map((step) => filledStep(step, fill, values)),
    images: build.images.map(fill),
    tags: build.tags.map(fill),
  };
}

function filledStep(
  step: BuildStep,
  fill: (template: string) => string,
  values: Readonly<Record<string, string>>,
): BuildStep {
  const mapped =
    step.automapSubstitutions === true ? Object.entries(values).map((pair) => pair.join("=")) : [];
  return {
    ...step,
    ...(step.name === undefined ? {} : { name: fill(step.name) }),
    args: step.args.map(fill),
    env: [...mapped, ...step.env.map(fill)],
    ...(step.dir === undefined ? {} : { dir: fill(step.dir) }),
    ...(step.entrypoint === undefined ? {} : { entrypoint: fill(step.entrypoint) }),
  };
}

function templatesOf(build: Templates): readonly string[] {
  const ofSteps = build.steps.flatMap((step) => [
    step.name ?? "",
    ...step.args,
    ...step.env,
    step.dir ?? "",
    step.entrypoint ?? "",
  ]);
  return [...ofSteps, ...build.images, ...build.tags];
}

function goMap(values: Readonly<Record<string, string>>): string {
  const keys = Object.keys(values).sort();
  return `map[${keys.map((key) => `${key}:${values[key]}`).join(" ")}]`;
}
