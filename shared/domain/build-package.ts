import type { BuildEvidence, SourceFile } from "./build-report.ts";
import type { Finding } from "./build-signs.ts";
import { debianPackagesAsOf, gonePackage } from "./debian-packages.ts";

/** How apt and apk say that they do not have a package. */
const missing = [
  /^E: Package '(?<name>[^']+)' has no installation candidate/,
  /^E: Unable to locate package (?<name>\S+)/,
  /^Package (?<name>\S+) is not available, but is referred to by another package/,
  /^E: Version '[^']*' for '(?<name>[^']+)' was not found/,
  /^\s*(?<name>\S+) \(no such package\):/,
] as const;

const ended =
  /The repository '(?<source>\S+ (?<release>[\w-]+) Release)' (?:does not have|no longer has) a Release file/;
const staleLists =
  /^E: Failed to fetch .*\s404\s+Not Found|^E: Unable to fetch some archives, maybe run apt-get update/;
const cached = /^(?:---> | *---> |=> )?(?:Using cache|CACHED\b)|^CACHED |---> Using cache/;

/** What the log says of packages that could not be installed; null = nothing. Lines are plain ones. */
export function packageFinding(
  lines: readonly string[],
  evidence: BuildEvidence,
): Readonly<{ finding: Finding; line: number }> | null {
  const gone = lines.findLastIndex((line) => ended.test(line));
  if (gone >= 0) return { finding: distributionEnded(lines[gone] ?? ""), line: gone };
  const lists = lines.findIndex((line) => staleLists.test(line));
  if (lists >= 0 && lines.some((line) => cached.test(line)))
    return { finding: staleIndex(evidence), line: lists };
  const line = lines.findLastIndex((each) => nameIn(each) !== null);
  const name = nameIn(lines[line] ?? "");
  return name === null ? null : { finding: packageMissing(name, lines, evidence), line };
}

function nameIn(line: string): string | null {
  for (const pattern of missing) {
    const name = pattern.exec(line)?.groups?.["name"];
    if (name !== undefined) return name;
  }
  return null;
}

function distributionEnded(line: string): Finding {
  const release = ended.exec(line)?.groups?.["release"] ?? "";
  return {
    cause: "distribution-ended",
    sentence: `The distribution ${release} of the base image has ended: its packages left the servers.`,
    repair: "Take a newer base image in the FROM line of the Dockerfile.",
  };
}

function staleIndex(evidence: BuildEvidence): Finding {
  return {
    cause: "stale-cache",
    sentence: "The list of packages came from a cached layer and names files that the server no longer has.",
    repair: `Run apt-get update and apt-get install in the same RUN, and ${withoutCache(evidence)}.`,
  };
}

function packageMissing(name: string, lines: readonly string[], evidence: BuildEvidence): Finding {
  const { dockerfile, commit } = evidence;
  const place = dockerfile === null ? null : lineOf(dockerfile, name);
  if (dockerfile !== null && place === null && isStale(name, lines)) {
    const instruction = lines.some((line) => isInstruction(line, name));
    const proof = instruction
      ? `The build ran a line that installs ${name}`
      : `The build used cached layers and failed at the package ${name}`;
    return {
      cause: "stale-cache",
      sentence: `${proof}, and ${dockerfile.path} at ${commit.slice(0, 7)} does not name it: it built something older than the commit.`,
      repair: `To build what the commit says, ${withoutCache(evidence)}.`,
    };
  }
  const where = place === null ? "" : ` ${place} asks for it.`;
  const known = gonePackage(name.replace(/[=:].*$/, ""));
  return known?.now == null
    ? packageGone({ name, where, lines, advice: known?.advice })
    : renamed(name, where, place);
}

function renamed(name: string, where: string, place: string | null): Finding {
  const { now, since } = gonePackage(name) ?? { now: name, since: "" };
  return {
    cause: "package-renamed",
    sentence: `The package ${name} is ${now} since ${since}.${where}`,
    repair: `Write ${now} instead${place === null ? "" : ` in ${place}`} and push a new tag. (Names as of ${debianPackagesAsOf}.)`,
  };
}

function packageGone(
  params: Readonly<{ name: string; where: string; lines: readonly string[]; advice: string | undefined }>,
): Finding {
  const { name, where, lines, advice } = params;
  const pinned = lines.some((line) => line.startsWith("E: Version '") && nameIn(line) === name);
  const search = `https://packages.debian.org/search?keywords=${encodeURIComponent(name)}`;
  return {
    cause: "package-gone",
    sentence: pinned
      ? `The version of ${name} that is asked for is no longer there: Debian keeps the newest only.${where}`
      : `The base image's distribution has no package ${name}.${where}`,
    repair: pinned
      ? "Leave the version out, or take the one that there is now, and push a new tag."
      : (advice ?? `Look for its new name at ${search}; and let the same RUN call apt-get update before it.`),
  };
}

/** Signs that what was built is not the commit: its own line was run, or layers were taken from a cache. */
function isStale(name: string, lines: readonly string[]): boolean {
  return lines.some((line) => isInstruction(line, name) || cached.test(line));
}

/** `Step 5/11 : RUN apt-get install X`, or BuildKit's `[2/6] RUN …`: a line of the Dockerfile that was built. */
function isInstruction(line: string, name: string): boolean {
  return /^(?:Step \d+\/\d+ : |.*\[[^\]]*\d+\/\d+\] )RUN /.test(line) && hasWord(line, name);
}

/** `path:line` of the first line that is no comment and holds the word. */
function lineOf({ path, text }: SourceFile, name: string): string | null {
  const index = text
    .split("\n")
    .findIndex((line) => !line.trimStart().startsWith("#") && hasWord(line, name));
  return index < 0 ? null : `${path}:${index + 1}`;
}

function hasWord(line: string, word: string): boolean {
  return line.split(/[\s=;&|"',[\]\\]+/).includes(word);
}

function withoutCache({ buildFile }: BuildEvidence): string {
  return `let docker build in ${buildFile} run with --no-cache and without --cache-from, or leave build.config out of gantry.yaml: Gantry's own build file uses no cache`;
}
