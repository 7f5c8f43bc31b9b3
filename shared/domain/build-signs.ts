import type { BuildCause, BuildEvidence } from "./build-report.ts";

/** What a sign in the log says: which cause, and its words. The lines that show it are added by who looks for it. */
export type Finding = Readonly<{ cause: BuildCause; sentence: string; repair: string; command?: string }>;

/** The text of a line by which a cause is known, and what is said of it. The groups of the pattern have names. */
export type Sign = Readonly<{
  pattern: RegExp;
  say: (found: Readonly<Record<string, string>>, evidence: BuildEvidence) => Finding;
}>;

const registryHosts =
  "(?:registry-1\\.docker\\.io|auth\\.docker\\.io|docker\\.io|gcr\\.io|pkg\\.dev|ghcr\\.io|quay\\.io|nvcr\\.io|mcr\\.microsoft\\.com)";
const serverTrouble =
  "(?:50[0234] (?:Internal|Bad Gateway|Service|Gateway)|429 Too Many|status(?: code)?:? (?:50[0234]|429)|TLS handshake timeout|i/o timeout|connection (?:reset|refused)|unexpected EOF|Client\\.Timeout exceeded|no such host)";

const registryTrouble = (): Finding => ({
  cause: "registry-unavailable",
  sentence:
    "The registry of a base image did not serve it: it was overloaded or away, or its limit was reached.",
  repair:
    "Try again later. Where it happens often, keep the base image in Artifact Registry or take it from mirror.gcr.io.",
});

const downloadTrouble = (): Finding => ({
  cause: "download-failed",
  sentence:
    "A download from a package server broke off: it was overloaded, away, or in the middle of an update.",
  repair: "Try again later.",
});

/** What passes by itself. These are the only signs that lead to a second build. */
export const transientSigns: readonly Sign[] = [
  {
    pattern: /\btoomanyrequests\b|You have reached your (?:unauthenticated )?pull rate limit/,
    say: registryTrouble,
  },
  { pattern: new RegExp(`${registryHosts}.*${serverTrouble}`), say: registryTrouble },
  {
    pattern:
      /failed to (?:fetch|resolve source) metadata.*(?:\b50[0234]\b|\b429\b|timeout|connection reset|EOF)/i,
    say: registryTrouble,
  },
  {
    pattern: /^(?:E|W|Err):? .*(?:\b50[0234]\s|Temporary failure resolving|Connection (?:failed|timed out))/,
    say: downloadTrouble,
  },
  { pattern: /Hash Sum mismatch|File has unexpected size .*Mirror sync in progress/, say: downloadTrouble },
  {
    pattern:
      /(?:ReadTimeoutError|ConnectTimeoutError|NewConnectionError|ConnectionResetError).*|Max retries exceeded with url/,
    say: downloadTrouble,
  },
  {
    pattern: /npm (?:ERR!|error) code (?:ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|E50[0234]|E429)/,
    say: downloadTrouble,
  },
  { pattern: /proxy\.golang\.org.*(?:\b50[0234]\b|timeout|connection reset)/, say: downloadTrouble },
];

/** The build may not push, wherever that is told. */
export const pushDenied: Sign["say"] = (_found, evidence) => ({
  cause: "push-denied",
  sentence: `The service account of the build may not push to ${evidence.imageRepository}.`,
  repair: "Let it write there, then release the tag again.",
  ...commandFor(evidence, (repository) => [
    `gcloud artifacts repositories add-iam-policy-binding ${repository.name}`,
    `--project=${repository.project} --location=${repository.location}`,
    `--member=serviceAccount:${accountOf(evidence)} --role=roles/artifactregistry.writer`,
  ]),
});

const repositoryMissing: Sign["say"] = (_found, evidence) => ({
  cause: "repository-missing",
  sentence: `There is no image repository ${evidence.imageRepository}, so nothing could be pushed.`,
  repair:
    "Create it, or name one that there is as build.repository in gantry.yaml; then release the tag again.",
  ...commandFor(evidence, (repository) => [
    `gcloud artifacts repositories create ${repository.name} --repository-format=docker`,
    `--project=${repository.project} --location=${repository.location}`,
  ]),
});

type Repository = Readonly<{ location: string; project: string; name: string }>;

/** `us-central1-docker.pkg.dev/project/repository` in parts; another registry has no gcloud command. */
function commandFor(
  { imageRepository }: BuildEvidence,
  words: (repository: Repository) => readonly string[],
): Readonly<{ command?: string }> {
  const [, location = "", project = "", name = ""] =
    /^([a-z0-9-]+)-docker\.pkg\.dev\/([^/]+)\/([^/]+)/.exec(imageRepository) ?? [];
  return name === "" ? {} : { command: words({ location, project, name }).join(" ") };
}

/** Who the build runs as. Without one of its own it is the project's, whose number is not in the build. */
function accountOf({ report }: BuildEvidence): string {
  return report.serviceAccount?.split("/").at(-1) ?? "BUILD_SERVICE_ACCOUNT";
}

export const pushSigns: readonly Sign[] = [
  {
    pattern:
      /name unknown: Repository|repo(?:sitory)? "?[^"]*"? (?:not found|does not exist)\. ?(?:Creating on push|$)|createOnPush/i,
    say: repositoryMissing,
  },
  {
    pattern:
      /(?:^|\s)denied: .*(?:uploadArtifacts|storage\.buckets\.|requested access|[Pp]ermission)|uploadArtifacts["'] denied|Unauthenticated request.*uploadArtifacts/,
    say: pushDenied,
  },
];

const pull = (image: string, cause: string): Finding => ({
  cause: "base-image-missing",
  sentence: `The base image ${image} ${cause}.`,
  repair:
    "Correct the FROM line of the Dockerfile; a private image also needs a build account that may read it.",
});

const limits = {
  disk: {
    cause: "out-of-disk",
    sentence: "The machine that built it ran out of disk.",
    repair:
      "Write options.diskSizeGb in the build file (100 GB is the default), leave large files out by .dockerignore, or remove caches in the RUN that makes them.",
  },
  memory: {
    cause: "out-of-memory",
    sentence: "A program was killed because the machine that built it ran out of memory.",
    repair:
      "Choose a larger options.machineType in the build file, such as E2_HIGHCPU_32, or let the build do less at once.",
  },
} as const satisfies Record<string, Finding>;

export const resourceSigns: readonly Sign[] = [
  { pattern: /no space left on device|\bENOSPC\b|\[Errno 28\]/i, say: () => limits.disk },
  {
    pattern:
      /(?:non-zero (?:code|status)|exit code): 137\b|JavaScript heap out of memory|cannot allocate memory|signal: killed/i,
    say: () => limits.memory,
  },
];

export const imageSigns: readonly Sign[] = [
  {
    pattern: /pull access denied for (?<image>[^\s,]+)/,
    say: ({ image = "" }) => pull(image, "does not exist, or the build may not read it"),
  },
  { pattern: /manifest for (?<image>\S+) not found/, say: ({ image = "" }) => pull(image, "does not exist") },
  {
    pattern: /(?:^|\s)(?<image>\S+): failed to resolve source metadata for .*: not found/,
    say: ({ image = "" }) => pull(image, "does not exist"),
  },
  {
    pattern:
      /invalid (?:argument|tag) "(?<name>[^"]*(?::|\/))"|could not parse reference: (?<parsed>\S*(?::|\/))$/,
    say: ({ name, parsed }, { buildFile }) => ({
      cause: "substitution-empty",
      sentence: `The name ${name ?? parsed} ends where a value was to follow: a substitution in ${buildFile} is empty.`,
      repair:
        "Built-in values such as $SHORT_SHA may be empty where no trigger started the build. Use $_TAG, which Gantry always fills in.",
      command: "gantry validate",
    }),
  },
  {
    pattern: /key in the template "(?<key>[^"]+)" is not/,
    say: ({ key = "" }, { buildFile }) => ({
      cause: "substitution-empty",
      sentence: `${buildFile} uses the substitution ${key}, which has no value.`,
      repair: `Give it one under build.substitutions in gantry.yaml, or write $$${key} where a shell shall read it.`,
      command: "gantry validate",
    }),
  },
  {
    pattern:
      /invalid reference format(?<why>: repository name .*must be lowercase)?|invalid image name "(?<name>[^"]*)"/,
    say: ({ why, name }, { buildFile }) => ({
      cause: "image-name-invalid",
      sentence: `${name === undefined ? "The name of an image" : `The image name "${name}"`} in ${buildFile} is not valid${why === undefined ? "" : ": it must be in lower case"}.`,
      repair: "Write it as HOST/PROJECT/REPOSITORY/NAME:TAG, in lower case.",
      command: "gantry validate",
    }),
  },
];

export const fileSigns: readonly Sign[] = [
  {
    pattern:
      /Dockerfile path: lstat (?<path>\S+?):? no such file|failed to read dockerfile: open (?<open>\S+?): no such file|Cannot locate (?:specified )?Dockerfile: (?<named>\S+)/i,
    say: ({ path, open, named }, { buildFile }) => ({
      cause: "dockerfile-missing",
      sentence: `There is no Dockerfile at ${withoutWorkspace(path ?? open ?? named ?? "")} in the commit.`,
      repair: `Commit it, or correct source.directory in gantry.yaml or the -f and the last argument of docker build in ${buildFile}.`,
    }),
  },
  {
    pattern:
      /COPY failed: (?:file not found in build context.*: stat (?<stat>\S+?): |.*stat (?<other>\S+?): )?|"\/?(?<key>[^"]+)": not found$|unable to prepare context: path "(?<context>[^"]*)" not found/,
    say: ({ stat, other, key, context }) => ({
      cause: "source-file-missing",
      sentence: `The Dockerfile or the build file wants ${stat ?? other ?? key ?? context ?? "a file"}, which the commit does not have in the build context.`,
      repair: "Commit the file, take it out of .dockerignore, or correct the path.",
    }),
  },
];

function withoutWorkspace(path: string): string {
  return path.replace(/^\/workspace\//, "");
}

const dependencies = (what: string): Finding => ({
  cause: "dependencies-conflict",
  sentence: `The dependencies cannot be installed: ${what}.`,
  repair:
    "Resolve it on your machine with the versions of the base image, commit the lock file, and push a new tag.",
});

export const dependencySigns: readonly Sign[] = [
  {
    pattern: /Cannot install (?<names>.+) because these package versions have conflicting dependencies/,
    say: ({ names = "" }) => dependencies(`${names} ask for versions that exclude each other`),
  },
  {
    pattern:
      /No matching distribution found for (?<name>\S+)|notarget No matching version found for (?<version>\S+?)\.?$/,
    say: ({ name, version }) =>
      dependencies(`there is no ${name ?? version} for this platform and language version`),
  },
  {
    pattern: /ResolutionImpossible|version solving failed/,
    say: () => dependencies("their versions exclude each other"),
  },
  {
    pattern: /npm (?:ERR!|error) (?:code ERESOLVE|ERESOLVE (?:unable|could not))/,
    say: () => dependencies("npm found no versions that suit each other (ERESOLVE)"),
  },
  {
    pattern: /`?npm ci`? can only install (?:packages )?(?:when|with)/,
    say: () => dependencies("package.json and package-lock.json do not agree"),
  },
];

export const permissionSigns: readonly Sign[] = [
  {
    pattern:
      /Permission ["'](?<permission>[a-z][\w.]+)["'] denied (?:on|for) (?:resource )?["']?(?<resource>[^\s"']*)/i,
    say: ({ permission = "", resource = "" }, evidence) => ({
      cause: "build-permission-denied",
      sentence: `The service account of the build lacks ${permission}${resource === "" ? "" : ` on ${resource}`}.`,
      repair: `Grant ${accountOf(evidence)} a role that holds it, then release the tag again.`,
    }),
  },
  {
    pattern:
      /PERMISSION_DENIED|AccessDeniedException: 403|does not have permission to access|caller does not have permission/,
    say: (_found, evidence) => ({
      cause: "build-permission-denied",
      sentence: "The service account of the build was refused something that a step needs.",
      repair: `Grant ${accountOf(evidence)} the role that the log names, then release the tag again.`,
    }),
  },
];
