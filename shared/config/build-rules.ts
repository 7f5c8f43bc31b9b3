import { parseImageReference } from "../domain/image-reference.ts";
import { type BuildWord, commandsOf } from "./build-commands.ts";
import type { BuildFindingCode, RawFinding } from "./build-finding.ts";
import type { CloudBuildFile } from "./cloud-build-schema.ts";

/** A command as words, with substitutions applied, and where it and each of its words stands. */
type Command = Readonly<{ words: readonly BuildWord[]; path: RawFinding["path"] }>;

type Replace = (text: string) => string; // with substitutions applied

/** What Gantry asks of a build file beyond what Cloud Build does: a digest comes back, and nothing goes around the gate. */
export function ruleFindings(build: CloudBuildFile, replaced: Replace): readonly RawFinding[] {
  const commands = build.steps.flatMap((step, index) =>
    commandsOf(step).map(({ words, path }) => ({
      words: words.map(({ text, path: own }) => ({ text: replaced(text), path: ["steps", index, ...own] })),
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
  const texts = words.map(({ text }) => text);
  const text = texts.filter((word) => !word.startsWith("-")).join(" ");
  const deploys = /(?:^| )run (?:deploy|services (?:update|replace|update-traffic))(?: |$)/.exec(text);
  if (deploys === null || !/^(?:gcloud|run|beta|alpha)?$/.test(texts[0] ?? "")) return [];
  return [
    finding("deploys", path, `runs \`gcloud ${deploys[0].trim()}\`, which moves the service without Gantry`),
  ];
}

function dockerBuildFindings({ words, path }: Command, pushesAll: boolean): readonly RawFinding[] {
  if (verbOf(words) !== "build") return [];
  const latest = words.find(({ text }, index) => isLatest(tagIn(text, words[index - 1]?.text)));
  const uncached = flagAmong(words, "--no-cache");
  const published = pushesAll || hasFlag(words, "--push");
  return [
    ...(uncached === undefined ? [finding("cached-build", path, "builds with cached layers")] : []),
    ...(hasFlag(words, "--pull")
      ? []
      : [finding("base-image-not-pulled", uncached?.path ?? path, "does not pull its base image")]),
    ...(latest !== undefined && published
      ? [finding("moves-latest", latest.path, "tags the image `latest`, and the build pushes it")]
      : []),
    ...(latest !== undefined && !published
      ? [finding("tags-latest", latest.path, "tags the image `latest`")]
      : []),
  ];
}

function dockerPushFindings({ words }: Command): readonly RawFinding[] {
  if (verbOf(words) !== "push") return [];
  const all = flagAmong(words, "--all-tags", "-a");
  if (all !== undefined)
    return [finding("push-all-tags", all.path, "pushes every tag of the image in a step")];
  const last = words.at(-1);
  return last !== undefined && isLatest(last.text)
    ? [finding("moves-latest", last.path, "pushes `latest` before anything is proved")]
    : [];
}

/** `build` or `push` when the words are `docker build`, `docker image push`, `docker buildx build`; else nothing. */
function verbOf(words: readonly BuildWord[]): string | undefined {
  const [tool, ...rest] = words.map(({ text }) => text);
  if (tool !== "docker") return undefined;
  return rest.find((word) => word !== "image" && word !== "buildx" && !word.startsWith("-"));
}

function hasFlag(words: readonly BuildWord[], ...names: readonly string[]): boolean {
  return flagAmong(words, ...names) !== undefined;
}

function flagAmong(words: readonly BuildWord[], ...names: readonly string[]): BuildWord | undefined {
  return words.find(({ text }) => names.some((name) => text === name || text === `${name}=true`));
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
