/** Substitutions that every build has, however it was started. */
const alwaysSet = ["PROJECT_ID", "BUILD_ID", "PROJECT_NUMBER", "LOCATION"] as const;

/**
 * Built-in substitutions that are empty unless a trigger or the request sets them ("Substituting variable values",
 * Cloud Build documentation). Gantry starts builds through the API, so it passes those that a file uses.
 */
export const setByTriggerOrRequest = [
  "TRIGGER_NAME",
  "COMMIT_SHA",
  "REVISION_ID",
  "SHORT_SHA",
  "REPO_NAME",
  "REPO_FULL_NAME",
  "BRANCH_NAME",
  "TAG_NAME",
  "REF_NAME",
  "TRIGGER_BUILD_CONFIG_PATH",
  "SERVICE_ACCOUNT_EMAIL",
  "SERVICE_ACCOUNT",
] as const;

/** What Gantry has for every build. A build file uses any of them; each is passed only when it does. */
export const buildSubstitutionNames = [
  "_IMAGE", // the image without tag: us-central1-docker.pkg.dev/PROJECT/REPOSITORY/SERVICE
  "_TAG", // the tag for that image: the git tag, made fit for an image, and 7 digits of the commit
  "_RELEASE", // the id of the release
  "_SERVICE", // the name of the Cloud Run service
  "_REGION", // the region of the Cloud Run service
  "_DIRECTORY", // the folder of the repository that is built; `.` for its root
  "COMMIT_SHA",
  "REVISION_ID",
  "SHORT_SHA",
  "TAG_NAME",
  "REF_NAME",
  "REPO_NAME",
  "REPO_FULL_NAME",
] as const;

/** The names of `buildSubstitutionNames`. */
export type BuildSubstitutionName = (typeof buildSubstitutionNames)[number];

export type BuildFacts = Readonly<{
  service: Readonly<{ project: string; region: string; name: string }>;
  imageRepository: string | null; // null = REGION-docker.pkg.dev/PROJECT/gantry of the service
  repository: string; // owner/name
  directory: string;
  tag: string;
  commit: string;
  release: string;
}>;

/** All substitutions that Gantry can pass for one release. None is empty, whatever the tag. */
export function gantrySubstitutions(facts: BuildFacts): Readonly<Record<BuildSubstitutionName, string>> {
  const { service, imageRepository, repository, directory, tag, commit, release } = facts;
  const home =
    imageRepository ?? `${service.region}-docker.pkg.dev/${service.project.replace(":", "/")}/gantry`;
  const shortSha = commit.slice(0, 7);
  return {
    _IMAGE: `${home}/${service.name}`,
    _TAG: imageTag(tag, shortSha),
    _RELEASE: release,
    _SERVICE: service.name,
    _REGION: service.region,
    _DIRECTORY: directory === "" ? "." : directory,
    COMMIT_SHA: commit,
    REVISION_ID: commit,
    SHORT_SHA: shortSha,
    TAG_NAME: tag,
    REF_NAME: tag,
    REPO_NAME: repository.split("/").pop() ?? repository,
    REPO_FULL_NAME: repository,
  };
}

/** `v1.8.0+gpu` at 0123456 as `v1.8.0-gpu-0123456`: what an image tag may hold, 128 characters at most. */
function imageTag(tag: string, shortSha: string): string {
  const fit = tag.replace(/[^A-Za-z0-9_.-]/g, "-").replace(/^[.-]+/, "");
  return `${fit.slice(0, 120) || "tag"}-${shortSha}`;
}

/** One `$KEY`, `${KEY}` or `$$` in a text; `start` and `end` are offsets of its first character and after its last. */
export type Reference = Readonly<{ key: string; start: number; end: number; escaped: boolean }>;

/**
 * Everything in a text that Cloud Build replaces: `$KEY` and `${KEY}` with capitals, digits and `_`; `$$` stands for
 * one `$`. Other dollars stay as they are (`subst.go` of GoogleCloudPlatform/cloud-build-local).
 */
export function referencesIn(text: string): readonly Reference[] {
  const matches = text.matchAll(/\$(?:(\$)|\{([A-Z_][A-Z0-9_]*)\}|([A-Z_][A-Z0-9_]*))/g);
  return [...matches].map((match) => {
    const [whole, dollar, braced, bare] = match;
    const escaped = dollar !== undefined;
    return { key: braced ?? bare ?? "", start: match.index, end: match.index + whole.length, escaped };
  });
}

/** The text with every reference replaced; a key without a value becomes nothing, as Cloud Build does. */
export function substitute(text: string, values: Readonly<Record<string, string>>): string {
  let done = 0;
  let result = "";
  for (const { key, start, end, escaped } of referencesIn(text)) {
    result += text.slice(done, start) + (escaped ? "$" : (givenValue(values, key) ?? ""));
    done = end;
  }
  return result + text.slice(done);
}

/** Of what is available exactly the substitutions that the texts use: Cloud Build refuses a key that nothing uses. */
export function substitutionsFor({
  templates,
  available,
}: Readonly<{ templates: readonly string[]; available: Readonly<Record<string, string>> }>): Record<
  string,
  string
> {
  const used = new Set(templates.flatMap((text) => referencesIn(text).map(({ key }) => key)));
  return Object.fromEntries(Object.entries(available).filter(([key]) => used.has(key)));
}

/** What does not match between the texts of a build and its substitutions, in Cloud Build's own words. */
export type Mismatch = Readonly<{
  kind: "unused" | "missing" | "unknown"; // unknown is refused even under ALLOW_LOOSE
  key: string;
  template: number | null; // the index of the text; null = no text
  message: string;
}>;

/**
 * Matches both ways, as Cloud Build does under MUST_MATCH: a key that nothing uses, a `_KEY` that nothing sets, and a
 * `$KEY` that is no built-in. Built-ins that nobody set are replaced by nothing and are no mismatch.
 */
export function mismatches({
  templates,
  substitutions,
}: Readonly<{
  templates: readonly string[];
  substitutions: Readonly<Record<string, string>>;
}>): readonly Mismatch[] {
  const references = templates.flatMap((text, template) =>
    referencesIn(text).flatMap(({ key, escaped }) => (escaped ? [] : [{ key, template }])),
  );
  const unset = references.filter(
    ({ key }) => givenValue(substitutions, key) === undefined && !isBuiltIn(key),
  );
  const used = new Set(references.map(({ key }) => key));
  const unused = Object.keys(substitutions).filter((key) => !used.has(key));
  return [
    ...unset.map(({ key, template }) => unsetMismatch(key, template, substitutions)),
    ...unused.map((key): Mismatch => {
      const message = `key ${JSON.stringify(key)} in the substitution data is not matched in the template`;
      return { kind: "unused", key, template: null, message };
    }),
  ];
}

function unsetMismatch(
  key: string,
  template: number,
  substitutions: Readonly<Record<string, string>>,
): Mismatch {
  const quoted = JSON.stringify(key);
  if (!key.startsWith("_")) {
    return {
      kind: "unknown",
      key,
      template,
      message: `key in the template ${quoted} is not a valid built-in substitution`,
    };
  }
  const data = Object.entries(substitutions).map(([name, value]) => `${name}:${value}`);
  const message = `key in the template ${quoted} is not matched in the substitution data; substitutions = map[${data.sort().join(" ")}]`;
  return { kind: "missing", key, template, message };
}

/** Whether Cloud Build itself knows a substitution of this name, set or empty. */
export function isBuiltIn(key: string): boolean {
  return [...alwaysSet, ...setByTriggerOrRequest].some((name) => name === key);
}

function givenValue(values: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
