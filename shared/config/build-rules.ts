import { parseImageReference } from "../domain/image-reference.ts";
import { commandsOf } from "./build-commands.ts";
import type { BuildFindingCode, RawFinding } from "./build-finding.ts";
import type { CloudBuildFile } from "./cloud-build-schema.ts";

/** A command as words, with substitutions applied, and where it stands. */
type Command = Readonly<{ words: readonly string[]; path: RawFinding["path"] }>;

type Replace = (text: string) => string; // with substitutions applied

/** What Gantry asks of a build file beyond what Cloud Build does: a digest comes back, and nothing goes around the gate. */
export function ruleFindings(build: CloudBuildFile, replaced: Replace): readonly RawFinding[] {
  const commands = build.steps.flatMap((step, index) =>
    commandsOf(step).map(({ words, path }) => ({
      words: words.map(({ text }) => replaced(text)),
      path: ["steps", index, ...path],
    })),
  );
  const pushesAll = commands.some(
    ({ words }) => verbOf(words) === "push" && hasFlag(words, "--all-tags", "-a"),
  );
  return [
    ...imageFindings(build, replaced),
    ...commands.flatMap((command) => deployFindings(command)),
    ...commands.flatMap((command) => dockerFindings(command, pushesAll)),
  ];
}

/** What `docker build` and `docker push` do wrong; `pushesAll`: another command pushes every tag. */
export function dockerFindings(command: Command, pushesAll = false): readonly RawFinding[] {
  return [...dockerBuildFindings(command, pushesAll), ...dockerPushFindings(command)];
}

/**
 * Which of the build's images is the service's: the one that is named like `_IMAGE`, else the only one. Null when there
 * is none or no telling. The build resource keeps the order of its images, with substitutions applied.
 */
export function serviceImageIndex(build: CloudBuildFile, replaced: Replace): number | null {
  const names = imagesOf(build).map((image) => parseImageReference(replaced(image))?.name ?? "");
  const own = names.indexOf(replaced(`\${_IMAGE}`));
  if (own >= 0) return own;
  return new Set(names).size === 1 ? 0 : null;
}

function imagesOf({ images, artifacts }: CloudBuildFile): readonly string[] {
  return images ?? artifacts?.images ?? [];
}

function imageFindings(build: CloudBuildFile, replaced: Replace): readonly RawFinding[] {
  const images = imagesOf(build);
  if (images.length === 0) {
    return [finding("no-images", ["images"], "names no image, so no digest comes back from the build")];
  }
  const home = build.images === undefined ? ["artifacts", "images"] : ["images"];
  const latest = images.flatMap((image, index) =>
    isLatest(replaced(image))
      ? [finding("moves-latest", [...home, index], "pushes `latest` before anything is proved")]
      : [],
  );
  const unclear = serviceImageIndex(build, replaced) === null;
  return unclear
    ? [...latest, finding("ambiguous-image", home, "does not tell which image is the service's")]
    : latest;
}

function deployFindings({ words, path }: Command): readonly RawFinding[] {
  const text = words.filter((word) => !word.startsWith("-")).join(" ");
  const deploys = /(?:^| )run (?:deploy|services (?:update|replace|update-traffic))(?: |$)/.exec(text);
  if (deploys === null || !/^(?:gcloud|run|beta|alpha)?$/.test(words[0] ?? "")) return [];
  return [
    finding("deploys", path, `runs \`gcloud ${deploys[0].trim()}\`, which moves the service without Gantry`),
  ];
}

function dockerBuildFindings({ words, path }: Command, pushesAll: boolean): readonly RawFinding[] {
  if (verbOf(words) !== "build") return [];
  const latest = words.some((word, index) => isLatest(tagIn(word, words[index - 1])));
  const published = pushesAll || hasFlag(words, "--push");
  return [
    ...(hasFlag(words, "--no-cache") ? [] : [finding("cached-build", path, "builds with cached layers")]),
    ...(hasFlag(words, "--pull")
      ? []
      : [finding("base-image-not-pulled", path, "does not pull its base image")]),
    ...(latest && published
      ? [finding("moves-latest", path, "tags the image `latest`, and the build pushes it")]
      : []),
    ...(latest && !published ? [finding("tags-latest", path, "tags the image `latest`")] : []),
  ];
}

function dockerPushFindings({ words, path }: Command): readonly RawFinding[] {
  if (verbOf(words) !== "push") return [];
  if (hasFlag(words, "--all-tags", "-a"))
    return [finding("push-all-tags", path, "pushes every tag of the image in a step")];
  return isLatest(words.at(-1) ?? "")
    ? [finding("moves-latest", path, "pushes `latest` before anything is proved")]
    : [];
}

/** `build` or `push` when the words are `docker build`, `docker image push`, `docker buildx build`; else nothing. */
function verbOf(words: readonly string[]): string | undefined {
  if (words[0] !== "docker") return undefined;
  return words.slice(1).find((word) => word !== "image" && word !== "buildx" && !word.startsWith("-"));
}

function hasFlag(words: readonly string[], ...names: readonly string[]): boolean {
  return words.some((word) => names.some((name) => word === name || word === `${name}=true`));
}

/** The image that `-t NAME`, `--tag NAME` or `--tag=NAME` names; empty for other words. */
function tagIn(word: string, before: string | undefined): string {
  if (before === "-t" || before === "--tag") return word;
  return /^(?:--tag|-t)=(.*)$/.exec(word)?.[1] ?? "";
}

function isLatest(image: string): boolean {
  const reference = parseImageReference(image);
  return reference !== null && reference.digest === null && (reference.tag ?? "latest") === "latest";
}

function finding(code: BuildFindingCode, path: RawFinding["path"], message: string): RawFinding {
  return { code, path, message };
}
