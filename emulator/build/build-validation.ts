import { parseImageReference } from "../images/image-reference.ts";
import type { Build, BuildStep } from "./build-resource.ts";
import { durationMs } from "./build-resource.ts";
import { substitutionDataProblem, substitutionMatchProblem } from "./substitutions.ts";

const day = 24 * 3600 * 1000;
const buildTag = /^[\w][\w.-]{0,127}$/;

/**
 * What Cloud Build refuses at once with INVALID_ARGUMENT, in its words and order; null when the build is accepted.
 * Texts and limits: GoogleCloudPlatform/cloud-build-local validate/validate.go, and the service's own answers.
 */
export function problemBeforeSubstitution(build: Build): string | null {
  const data = substitutionDataProblem(build.substitutions);
  if (data !== null) return `invalid build: invalid .substitutions field: ${data}`;
  const steps = timeoutProblem(build) ?? imagesLimit(build) ?? stepsProblem(build.steps);
  if (steps !== null) return `invalid build: ${steps}`;
  const match = substitutionMatchProblem(build);
  if (match !== null) return `generic::invalid_argument: ${match}`;
  return secretsProblem(build);
}

/**
 * A repository of a connection is built in the connection's region and nowhere else, least of all in `global`
 * (`gcloud builds submit --help`, `--region`). The words are this emulator's own: Google's are not published.
 */
export function sourceProblem({ source }: Build, location: string): string | null {
  const wanted = source?.connectedRepository;
  if (wanted === undefined) return null;
  const region = /^projects\/[^/]+\/locations\/([^/]+)\/connections\/[^/]+\/repositories\/[^/]+$/.exec(
    wanted.repository,
  )?.[1];
  if (region === undefined)
    return `invalid build: invalid .source.connected_repository field: "${wanted.repository}" is not projects/*/locations/*/connections/*/repositories/*`;
  if (region === location && location !== "global") return null;
  return `invalid build: the connected repository is in ${region}; a build in ${location} cannot use it`;
}

/** The same, for what can be judged only when the substitutions are in place: names of images, steps and tags. */
export function problemAfterSubstitution(build: Build): string | null {
  for (const [index, step] of build.steps.entries())
    if (parseImageReference(step.name ?? "") === null)
      return `invalid build: invalid build step name "${step.name}" in step ${index}: could not parse reference: ${step.name}`;
  if (build.tags.length > 64) return `invalid build: number of tags ${build.tags.length} exceeded (max: 64)`;
  for (const tag of build.tags)
    if (!buildTag.test(tag))
      return `invalid build: invalid build tag "${tag}": must match format "^[\\\\w][\\\\w.-]{0,127}$"`;
  for (const image of build.images)
    if (parseImageReference(image) === null)
      return `invalid build: invalid image name "${image}": could not parse reference: ${image}`;
  return null;
}

function timeoutProblem(build: Build): string | null {
  const timeout = build.timeout === undefined ? 0 : durationMs(build.timeout);
  if (timeout > day) return "timeout exceeds the timeout limit of 24h0m0s";
  return timeout < 0 ? "invalid timeout: timeout must be >=0" : stepTimeoutProblem(build, timeout);
}

function stepTimeoutProblem(build: Build, buildTimeout: number): string | null {
  const limit = buildTimeout === 0 ? day : buildTimeout;
  for (const [index, step] of build.steps.entries()) {
    const timeout = step.timeout === undefined ? 0 : durationMs(step.timeout);
    const place = `invalid .steps field: invalid .timeout in build step #${index}: build step timeout`;
    if (timeout < 0) return `${place} must be >0`;
    if (timeout > limit) return `${place} ${timeout / 1000}s must be <= build timeout ${limit / 1000}s`;
  }
  return null;
}

function imagesLimit(build: Build): string | null {
  if (build.images.length > 100)
    return "invalid .artifacts field: cannot specify more than 100 images to build";
  const long = build.images.findIndex((image) => image.length > 1000);
  return long < 0 ? null : `invalid .artifacts field: image ${long} too long (max: 1000)`;
}

function stepsProblem(steps: readonly BuildStep[]): string | null {
  if (steps.length === 0) return "invalid .steps field: no build steps are specified";
  if (steps.length > 100) return "invalid .steps field: cannot specify more than 100 build steps";
  const known = new Set(["-"]);
  for (const [index, step] of steps.entries()) {
    const problem = stepLimit(step, index) ?? stepOrder(step, index, known) ?? stepCommand(step, index);
    if (problem !== null) return `invalid .steps field: ${problem}`;
    if (step.id !== undefined && step.id !== "") known.add(step.id);
  }
  return null;
}

function stepLimit(step: BuildStep, index: number): string | null {
  const name = step.name ?? "";
  if (name === "") return `build step ${index} must specify name`;
  if (name.length > 1000) return `build step ${index} name too long (max: 1000)`;
  if (step.args.length > 100) return `build step ${index} too many args (max: 100)`;
  const long = step.args.findIndex((argument) => argument.length > 10_000);
  if (long >= 0) return `build step ${index} arg ${long} too long (max: 10000)`;
  return (step.dir ?? "").length > 1000 ? `build step ${index} dir too long (max: 1000)` : null;
}

function stepOrder(step: BuildStep, index: number, known: ReadonlySet<string>): string | null {
  const name = step.id === undefined || step.id === "" ? `#${index}` : `#${index} - "${step.id}"`;
  const unknown = step.waitFor.find((id) => !known.has(id));
  if (unknown !== undefined) return `build step ${name} depends on "${unknown}", which has not been defined`;
  if (step.id === "-")
    return `build step ${name}: the ID cannot be "-" which is reserved as a dependency for build steps that should run first`;
  if (step.id !== undefined && known.has(step.id)) return `build step ${name}: the ID is not unique`;
  const entry = step.env.find((each) => !each.includes("="));
  return entry === undefined
    ? null
    : `build step ${name}: the Env entry "${entry}" must be of the form "KEY=VALUE"`;
}

function stepCommand(step: BuildStep, index: number): string | null {
  if ((step.script ?? "") === "" || (step.args.length === 0 && (step.entrypoint ?? "") === "")) return null;
  return `build step ${index} cannot specify both script and args or entrypoint`;
}

function secretsProblem(build: Build): string | null {
  const secret = build.steps.flatMap((step) => step.secretEnv).concat(build.options?.secretEnv ?? [])[0];
  if (secret === undefined) return null;
  return `invalid .secrets field: secretEnv "${secret}" is used without being defined: the local Cloud Build has no Secret Manager and no Cloud KMS`;
}
